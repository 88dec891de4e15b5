export const conformanceSteps = ['boot', 'media', 'account', 'power', 'logs'] as const;
export type ConformanceStep = (typeof conformanceSteps)[number];

/** What a client cannot do with hardware of a family either, and how that is known. */
export interface Deviation {
  readonly clients: RegExp;
  readonly families: RegExp;
  readonly steps: readonly ConformanceStep[];
  /** What the client says then. */
  readonly words: RegExp;
  readonly why: string;
}

export const deviations: readonly Deviation[] = [
  {
    clients: /./,
    families: /^(x10|openbmc|ami)$/,
    steps: ['media'],
    words: /it offers none|no virtual media found|VirtualMedia resource not found|does not support virtual media/,
    why: 'it has no virtual media (quirks 3 and 64; the recorded OpenBMC)',
  },
  {
    clients: /^(gofish|bmclib|redfish-utilities|community\.general)$/,
    families: /^ami$/,
    steps: ['boot'],
    words: /only writable at the settings object/,
    why: 'the boot override is written at Systems/Self/SD only (quirk 38; DMTF/Redfish-Tacklebox#111)',
  },
  {
    clients: /^sushy$/,
    families: /^ami$/,
    steps: ['boot'],
    words: /BootSourceOverrideMode is a required property/,
    why: 'it refuses half a boot override, which Ironic fills in for such vendors by itself (quirk 37)',
  },
  {
    clients: /^(gofish|bmclib|redfish-utilities|community\.general)$/,
    families: /^ibmc$/,
    steps: ['media'],
    words: /TransferProtocolType is a required property/,
    why: 'the drive wants to be told the protocol, as those of Nokia do, which only sushy tries (quirk 64)',
  },
  {
    clients: /^gofish$/,
    families: /^idrac9$/,
    steps: ['account'],
    words: /405/,
    why: 'accounts are fixed places, and it makes them by POST only (quirk 67)',
  },
  {
    clients: /^bmclib$/,
    families: /^(?!idrac9$)/,
    steps: ['account'],
    words: /no user account slots available/,
    why: 'it fills free places only, which Dell alone has (quirk 67; providers/redfish/user.go)',
  },
  {
    clients: /^bmclib$/,
    families: /^(xcc|sr675)$/,
    steps: ['media'],
    words: /does not support insert/,
    why: 'a drive has no actions, and it knows no PATCH of one (quirk 64)',
  },
  {
    clients: /^(bmclib|community\.general)$/,
    families: /^(xcc|sr675)$/,
    steps: ['logs'],
    words: /^none$|'entries'/,
    why: 'it looks for logs at the manager, and they are at the system (quirk 69)',
  },
  {
    clients: /^redfish-utilities$/,
    families: /^(ilo5|ilo6)$/,
    steps: ['media'],
    words: /No available slots/,
    why: 'an empty drive has the image "", which it takes for one that is in use (as recorded)',
  },
  {
    clients: /^redfish-utilities$/,
    families: /^nvidia$/,
    steps: ['media'],
    words: /'Image'/,
    why: 'an empty drive shows no image at all (as recorded)',
  },
];
