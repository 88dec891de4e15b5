import { drawBetween } from '../chance.ts';
import type { Make, View } from './document.ts';
import { collection, type Document, linkTo, simServiceRoot } from './links.ts';

interface Reading {
  readonly id: string;
  readonly name: string;
  readonly type: 'Temperature' | 'Rotational' | 'Power';
  readonly units: string;
  readonly value: number;
}

/** Readings of a machine now: a powered one is warm and its fans turn. They waver from read to read. */
function readings({ hardware, machine }: View): Reading[] {
  const on = machine.state.power === 'on';
  const about = (name: string, low: number, high: number) =>
    Math.round(drawBetween(low, high, hardware.id, name, Math.floor(Date.now() / 1000)) * 10) / 10;
  const cpus = Array.from(
    { length: hardware.model.cpu.sockets },
    (_, n): Reading => ({
      id: `CPU${n + 1}Temp`,
      name: `CPU${n + 1} Temp`,
      type: 'Temperature',
      units: 'Cel',
      value: on ? about(`cpu${n}`, 48, 56) : about(`cpu${n}`, 22, 24),
    }),
  );
  const fans = [1, 2, 3, 4].map(
    (n): Reading => ({
      id: `Fan${n}`,
      name: `Fan ${n}`,
      type: 'Rotational',
      units: 'RPM',
      value: on ? Math.round(about(`fan${n}`, 5000, 5400)) : 0,
    }),
  );
  return [
    { id: 'InletTemp', name: 'Inlet Temp', type: 'Temperature', units: 'Cel', value: about('inlet', 21, 24) },
    ...cpus,
    ...fans,
    { id: 'TotalPower', name: 'Total Power', type: 'Power', units: 'W', value: on ? about('power', 280, 340) : 12 },
  ];
}

const health = { State: 'Enabled', Health: 'OK' };
const supplyName = (n: number) => `PSU ${n + 1}`;

/** The model before 2020: everything in two documents. */
const old: Readonly<Record<string, Make>> = {
  '/Chassis/1/Thermal': (view) => ({
    '@odata.type': '#Thermal.v1_7_1.Thermal',
    Id: 'Thermal',
    Name: 'Thermal',
    Temperatures: readings(view)
      .filter(({ type }) => type === 'Temperature')
      .map(({ name, value }, n) => ({
        ...member('Thermal', 'Temperatures', n),
        Name: name,
        ReadingCelsius: value,
        UpperThresholdCritical: 95,
        Status: health,
      })),
    Fans: readings(view)
      .filter(({ type }) => type === 'Rotational')
      .map(({ name, value }, n) => ({
        ...member('Thermal', 'Fans', n),
        Name: name,
        Reading: value,
        ReadingUnits: 'RPM',
        Status: health,
      })),
  }),
  '/Chassis/1/Power': (view) => ({
    '@odata.type': '#Power.v1_7_2.Power',
    Id: 'Power',
    Name: 'Power',
    PowerControl: [
      {
        ...member('Power', 'PowerControl', 0),
        Name: 'System Power Control',
        PowerConsumedWatts: readings(view).find(({ type }) => type === 'Power')?.value,
        PowerCapacityWatts: 1600,
      },
    ],
    PowerSupplies: Array.from({ length: view.personality.supplies }, (_, n) => ({
      ...member('Power', 'PowerSupplies', n),
      Name: supplyName(n),
      SerialNumber: `${view.hardware.serial}P${n}`,
      PowerCapacityWatts: 1600,
      Status: health,
    })),
  }),
};

function member(document: string, list: string, index: number): Document {
  return { '@odata.id': `${simServiceRoot}/Chassis/1/${document}#/${list}/${index}`, MemberId: String(index) };
}

const fanPaths = (view: View) =>
  (view.personality.fans ? readings(view) : [])
    .filter(({ type }) => type === 'Rotational')
    .map(({ id }) => `/Chassis/1/ThermalSubsystem/Fans/${id}`);

/** The model since 2020: a document a sensor, and subsystems. */
const fresh: Readonly<Record<string, Make>> = {
  '/Chassis/1/Sensors': (view) =>
    collection(
      'Sensor',
      'Sensors',
      readings(view).map(({ id }) => `/Chassis/1/Sensors/${id}`),
    ),
  '/Chassis/1/ThermalSubsystem': () => ({
    '@odata.type': '#ThermalSubsystem.v1_3_2.ThermalSubsystem',
    Id: 'ThermalSubsystem',
    Name: 'Thermal subsystem',
    Fans: linkTo('/Chassis/1/ThermalSubsystem/Fans'),
    Status: health,
  }),
  '/Chassis/1/ThermalSubsystem/Fans': (view) => collection('Fan', 'Fans', fanPaths(view)),
  '/Chassis/1/PowerSubsystem': ({ personality }) => ({
    '@odata.type': '#PowerSubsystem.v1_1_2.PowerSubsystem',
    Id: 'PowerSubsystem',
    Name: 'Power subsystem',
    CapacityWatts: 1600 * personality.supplies,
    PowerSupplies: linkTo('/Chassis/1/PowerSubsystem/PowerSupplies'),
    Status: health,
  }),
  '/Chassis/1/PowerSubsystem/PowerSupplies': ({ personality }) =>
    collection(
      'PowerSupply',
      'Power supplies',
      Array.from({ length: personality.supplies }, (_, n) => `/Chassis/1/PowerSubsystem/PowerSupplies/${n}`),
    ),
};

/** The document of a sensor, fan or power supply, by the personality's model of them (quirk 68). */
export function sensorDocument(path: string, { sensors }: View['personality']): Make | undefined {
  if (sensors !== 'new' && old[path]) return old[path];
  if (sensors === 'old') return undefined;
  if (fresh[path]) return fresh[path];
  const [, kind, id = ''] =
    /^\/Chassis\/1\/(Sensors|ThermalSubsystem\/Fans|PowerSubsystem\/PowerSupplies)\/(\w+)$/.exec(path) ?? [];
  if (kind === 'Sensors') return (view) => sensorOf(view, id);
  if (kind === 'ThermalSubsystem/Fans') return (view) => fanOf(view, id);
  return kind ? (view) => supplyOf(view, id) : undefined;
}

function sensorOf(view: View, wanted: string): Document | undefined {
  const found = readings(view).find(({ id }) => id === wanted);
  if (!found) return undefined;
  const { id, name, type, units, value } = found;
  return {
    '@odata.type': '#Sensor.v1_9_1.Sensor',
    Id: id,
    Name: name,
    ReadingType: type,
    ReadingUnits: units,
    Reading: value,
    Status: health,
  };
}

function fanOf(view: View, wanted: string): Document | undefined {
  const fans = view.personality.fans ? readings(view) : [];
  const found = fans.find(({ id, type }) => id === wanted && type === 'Rotational');
  return (
    found && {
      '@odata.type': '#Fan.v1_5_2.Fan',
      Id: found.id,
      Name: found.name,
      SpeedPercent: {
        DataSourceUri: `${simServiceRoot}/Chassis/1/Sensors/${found.id}`,
        Reading: Math.round(found.value / 120),
        SpeedRPM: found.value,
      },
      Status: health,
    }
  );
}

function supplyOf({ hardware, personality }: View, id: string): Document | undefined {
  if (!/^\d$/.test(id) || Number(id) >= personality.supplies) return undefined;
  return {
    '@odata.type': '#PowerSupply.v1_6_0.PowerSupply',
    Id: id,
    Name: supplyName(Number(id)),
    SerialNumber: `${hardware.serial}P${id}`,
    PowerCapacityWatts: 1600,
    Status: health,
  };
}

/** Links of a chassis to its sensors. */
export function sensorLinks({ sensors }: View['personality']): Document {
  return {
    ...(sensors !== 'new' && { Thermal: linkTo('/Chassis/1/Thermal'), Power: linkTo('/Chassis/1/Power') }),
    ...(sensors !== 'old' && {
      Sensors: linkTo('/Chassis/1/Sensors'),
      ThermalSubsystem: linkTo('/Chassis/1/ThermalSubsystem'),
      PowerSubsystem: linkTo('/Chassis/1/PowerSubsystem'),
    }),
  };
}
