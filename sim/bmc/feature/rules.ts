/** What of a controller's further features a family has, and how it plays them. */
export interface FeatureRules {
  readonly light: LightRule | null;
  readonly media: readonly MediaRule[];
  readonly secureBoot: SecureBootRule | null;
  readonly mains: MainsRule | null;
  readonly erase: EraseRule | null;
  readonly console: ConsoleRule | null;
  readonly managerReset: readonly string[];
  /** Whether its types are told by an ActionInfo. */
  readonly managerResetInfo?: true;
  /** Where an asset tag is shown, which anybody may write who may write there. */
  readonly assetTag: readonly ('/Chassis/1' | '/Systems/1')[];
  /** Whether the controller shows when it last started. */
  readonly managerTime: boolean;
  /** Whether a forced restart may leave the host hanging (quirk 32). */
  readonly restart: 'fine' | 'hangs';
}

export interface LightRule {
  readonly at: readonly ('/Chassis/1' | '/Systems/1')[];
  readonly properties: readonly ('LocationIndicatorActive' | 'IndicatorLED')[];
  /** Words of the old property: at rest, when looked for, and whether the words are listed. */
  readonly rest: string;
  readonly looked: string;
  readonly listed: boolean;
}

/** A drive for virtual media (quirk 64). */
export interface MediaRule {
  readonly at: '/Managers/1' | '/Systems/1';
  readonly id: string;
  readonly types: readonly string[];
  /** `patch`: there are no actions, the image is written. */
  readonly how: 'action' | 'patch';
  /** Whether the action to eject is only shown while something is in. */
  readonly ejectShown: 'always' | 'inserted';
  /** What a request may say besides the image, and what it has to. */
  readonly takes: readonly string[];
  readonly needs: readonly string[];
}

export interface SecureBootRule {
  readonly mode: 'SetupMode' | 'UserMode' | 'DeployedMode';
  /** Whether the reset of the keys lists its values (quirk 53); `absent`: there is none. */
  readonly keys: 'inline' | 'action-info' | 'unlisted' | 'absent';
  /** Readings that fail after a change (quirk 53). */
  readonly failing: number;
}

/** The vendor's action that takes the mains away (quirk 33). */
export interface MainsRule {
  readonly action: string;
  readonly at: '/Systems/1' | '/Chassis/1';
  /** Where in the resource it is: `Actions.Oem`, or `Oem.<this>.Actions`. */
  readonly oem: string | null;
  readonly type: string;
  readonly hostOff: boolean;
  /** Whether the host comes up again where it was on, unless the request says how it is to be (`FinalPowerState`). */
  readonly after: 'as-before' | 'off';
  readonly saysAfter?: true;
}

export interface EraseRule {
  /** Kinds of sanitization that are listed; null where the drive says nothing about them. */
  readonly methods: readonly string[] | null;
  readonly applyTimes: readonly string[];
  /** Seconds that it takes. */
  readonly seconds: number;
}

/** `system` names ports; `manager` only the ways. */
export interface ConsoleRule {
  readonly at: 'system' | 'manager';
  readonly sshPort: number;
  readonly command: string | null;
}

const takesAll = ['Inserted', 'WriteProtected', 'TransferMethod', 'TransferProtocolType', 'UserName', 'Password'];

export const drive = (at: MediaRule['at'], id: string, types: readonly string[]): MediaRule => ({
  at,
  id,
  types,
  how: 'action',
  ejectShown: 'always',
  takes: takesAll,
  needs: [],
});

export const cd = ['CD', 'DVD'];
export const usb = ['Floppy', 'USBStick'];

export const standardFeatures: FeatureRules = {
  light: {
    at: ['/Chassis/1', '/Systems/1'],
    properties: ['LocationIndicatorActive'],
    rest: 'Off',
    looked: 'Lit',
    listed: false,
  },
  media: [drive('/Systems/1', 'CD1', cd), drive('/Systems/1', 'USB1', usb)],
  secureBoot: { mode: 'UserMode', keys: 'inline', failing: 0 },
  mains: null,
  erase: { methods: ['BlockErase', 'CryptographicErase', 'Overwrite'], applyTimes: ['Immediate'], seconds: 30 },
  console: { at: 'system', sshPort: 22, command: null },
  managerReset: ['GracefulRestart', 'ForceRestart'],
  assetTag: ['/Chassis/1', '/Systems/1'],
  managerTime: true,
  restart: 'fine',
};
