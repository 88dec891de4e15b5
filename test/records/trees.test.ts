import { afterEach, describe, expect, test } from 'vitest';
import { documentsOf } from '../../activities/records/documents.ts';
import { hashOf } from '../../activities/records/inventory.ts';
import { judgeDocument } from '../../domain/records/changes.ts';
import { partsInDocument, recordedKinds } from '../../domain/records/parts.ts';
import { gatherHardware } from '../../redfish/read/inventory.ts';
import { readSensors } from '../../redfish/read/sensors.ts';
import { wattsOf } from '../../redfish/read/watts.ts';
import { type Session, withSession } from '../../redfish/session.ts';
import { openTransport } from '../../redfish/transport.ts';
import { serveTree, treeNames, treesAbsent } from '../redfish/tree.ts';

if (treesAbsent) console.log(treesAbsent);

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function read<T>(name: string, work: (session: Session) => Promise<T>): Promise<T> {
  const tree = await serveTree(name);
  const transport = openTransport(tree.origin, null);
  closing.push(
    () => tree.close(),
    () => transport.close(),
  );
  return withSession(transport, { username: 'root', password: 'secret' }, work);
}

describe.skipIf(treesAbsent)('what is kept of a recorded controller', () => {
  test.each(treesAbsent ? [] : treeNames())(
    '%s is the same when it is read again, each part in a place of its own',
    async (name) => {
      const [kept, fresh] = [
        documentsOf(await read(name, gatherHardware)),
        documentsOf(await read(name, gatherHardware)),
      ];
      for (const kind of recordedKinds) {
        expect([kind, hashOf(fresh[kind])]).toEqual([kind, hashOf(kept[kind])]);
        expect(judgeDocument(kind, kept[kind], fresh[kind], false).changes).toEqual([]);
        // The MDB gives names back in another order.
        const turned = JSON.parse(JSON.stringify(kept[kind], Object.keys(flat(kept[kind])).sort().reverse()));
        expect([kind, hashOf(turned)]).toEqual([kind, hashOf(kept[kind])]);
        const places = partsInDocument(kind, fresh[kind]).map(({ place }) => place);
        expect([kind, places.filter((place) => place === '')]).toEqual([kind, []]);
        expect([kind, new Set(places).size]).toEqual([kind, places.length]);
      }
    },
  );

  // By hand: `PowerConsumedWatts` of the trees' Power; `TotalHSC` of the GB200's only chassis with everything in it.
  test.each([
    ['dell-r750-idrac9-6.00.30', 614],
    ['dmtf-public-rackmount1', 344],
    ['hpe-dl380a-gen11-ilo6', 565],
    ['hpe-dl385g10plusv2-ilo5-2.72', 531],
    ['nvidia-gb200nvl-openbmc-24.12', 1079],
    ['openbmc-stock-2.15', null],
    ['supermicro-821ge-tnhr-11.01', 2161],
  ] as const)('%s draws %s W', async (name, watts) => {
    const drawn = wattsOf((await read(name, readSensors)).sensors);
    expect(drawn === null ? null : Math.round(drawn)).toBe(watts);
  });
});

function flat(value: unknown): Record<string, true> {
  if (typeof value !== 'object' || value === null) return {};
  if (Array.isArray(value)) return Object.assign({}, ...value.map(flat));
  return Object.assign({}, ...Object.entries(value).map(([name, inner]) => ({ [name]: true, ...flat(inner) })));
}
