/** What the controller offers of itself, and what it has of media, logs and lights. */
import { linkedPath, number, object, readText, valueAt } from '../read/values.ts';
import type { Json } from '../transport.ts';
import { actionOf, strings } from './action.ts';
import type { ConsoleOffer, IndicatorOffer, LogOffer, ManagerOffer, MediaOffer } from './offers.ts';
import type { ProbeReader } from './place.ts';

export async function managerOffer(place: ProbeReader): Promise<ManagerOffer | null> {
  const path = place.basis.managerPath;
  if (path === null) return null;
  const [manager, host] = [await place.manager(), await place.host()];
  const graphical = [host.GraphicalConsole, manager.GraphicalConsole].find((one) => one !== undefined);
  return {
    path,
    reset: await actionOf(place.reader, manager, '#Manager.Reset', 'ResetType'),
    console: consoleOf(host.SerialConsole, manager.SerialConsole),
    graphical: graphical !== undefined && valueAt(graphical, 'ServiceEnabled') !== false,
  };
}

/** IPMI 2.0's serial over LAN goes over RMCP+ (13.1). */
const ipmiPort = 623;
const sshPort = 22;

/** The system's console names ports and commands; the manager's only what it speaks. */
function consoleOf(ofHost: unknown, ofManager: unknown): ConsoleOffer | null {
  const [ssh, ipmi] = [valueAt(ofHost, 'SSH'), valueAt(ofHost, 'IPMI')].map((one) => (enabled(one) ? one : undefined));
  const spoken =
    valueAt(ofManager, 'ServiceEnabled') === false ? [] : strings(valueAt(ofManager, 'ConnectTypesSupported'));
  const viaSsh = ssh !== undefined || (valueAt(ofHost, 'SSH') === undefined && spoken.includes('SSH'));
  const viaIpmi = ipmi !== undefined || (valueAt(ofHost, 'IPMI') === undefined && spoken.includes('IPMI'));
  if (!viaSsh && !viaIpmi) return null;
  return {
    ssh: viaSsh
      ? { port: number(valueAt(ssh, 'Port')) ?? sshPort, command: readText(valueAt(ssh, 'ConsoleEntryCommand')) }
      : null,
    ipmi: viaIpmi ? { port: number(valueAt(ipmi, 'Port')) ?? ipmiPort } : null,
  };
}

function enabled(service: unknown): boolean {
  return service !== undefined && valueAt(service, 'ServiceEnabled') !== false;
}

/** Drives for media of the manager and of the system, each once. */
export async function mediaOffer(place: ProbeReader): Promise<MediaOffer[]> {
  const { reader } = place;
  const [manager, host] = [await place.manager(), await place.host()];
  const found: MediaOffer[] = [];
  for (const [of, owner] of [
    ['manager', manager],
    ['system', host],
  ] as const) {
    for (const one of await reader.members(owner.VirtualMedia)) {
      const path = linkedPath(one);
      if (path === null || found.some((other) => other.path === path)) continue;
      const [insert, eject] = await Promise.all([
        actionOf(reader, one, '#VirtualMedia.InsertMedia'),
        actionOf(reader, one, '#VirtualMedia.EjectMedia'),
      ]);
      found.push({ path, of, types: strings(one.MediaTypes), insert, eject });
    }
  }
  return found;
}

/** Logs of systems, managers and chassis (quirk 69). */
export async function logsOffer(place: ProbeReader): Promise<LogOffer[]> {
  const { reader } = place;
  const owners = [
    ['system', reader.root.Systems],
    ['manager', reader.root.Managers],
    ['chassis', reader.root.Chassis],
  ] as const;
  const found = await Promise.all(
    owners.map(async ([of, collection]) => {
      const services = await Promise.all(
        (await reader.members(collection)).map((one) => reader.members(one.LogServices)),
      );
      return Promise.all(services.flat().map((one) => logOf(place, of, one)));
    }),
  );
  return found.flat(2);
}

async function logOf({ reader }: ProbeReader, of: LogOffer['of'], service: Json): Promise<LogOffer[]> {
  const path = linkedPath(service);
  if (path === null) return [];
  const clear = await actionOf(reader, service, '#LogService.ClearLog');
  return [{ path, of, name: readText(service.Name) ?? path, entriesPath: linkedPath(service.Entries), clear }];
}

/** The light to find the machine by: at its case, or at the system. */
export async function indicatorsOffer(place: ProbeReader): Promise<IndicatorOffer[]> {
  const owners = [
    ...(await place.chassis()).map((one) => ['chassis', one] as const),
    ['system', await place.host()] as const,
  ];
  return owners.flatMap(([of, one]): IndicatorOffer[] => {
    const path = linkedPath(one);
    // The old property is only read where the new one is missing: DSP0268 deprecates it.
    const property = (['LocationIndicatorActive', 'IndicatorLED'] as const).find(
      (name) => object(one)[name] !== undefined && object(one)[name] !== null,
    );
    return path === null || property === undefined ? [] : [{ path, of, property }];
  });
}
