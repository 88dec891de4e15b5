import type { Feature } from './kind.ts';

const ways = ['SSH', 'IPMI'];

/** How the console is reached: the system names ports, on some the manager only the ways. */
export const serial: Feature = {
  adorn(path, { personality }) {
    const rule = personality.features.console;
    const graphical = {
      GraphicalConsole: { ServiceEnabled: true, MaxConcurrentSessions: 4, ConnectTypesSupported: ['KVMIP'] },
    };
    // DMTF deprecates the manager's for that of the system: who has the one does not show the other.
    if (path === '/Managers/1')
      return {
        ...graphical,
        ...(rule?.at !== 'system' && {
          SerialConsole: {
            ServiceEnabled: rule?.at === 'manager',
            MaxConcurrentSessions: rule?.at === 'manager' ? 4 : 0,
            ConnectTypesSupported: rule?.at === 'manager' ? ways : [],
          },
        }),
      };
    if (path !== '/Systems/1' || rule?.at !== 'system') return {};
    const command = rule.command === null ? {} : { ConsoleEntryCommand: rule.command };
    return {
      SerialConsole: {
        MaxConcurrentSessions: 4,
        SSH: { ServiceEnabled: true, Port: rule.sshPort, ...command },
        IPMI: { ServiceEnabled: true, Port: 623 },
      },
    };
  },
};
