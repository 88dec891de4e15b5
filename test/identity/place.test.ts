import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it, describe as suite } from 'vitest';
import { createBirthActivities } from '../../activities/birth/index.ts';
import { hostnameAt, placeOf, readPlace } from '../../domain/birth/place.ts';
import { announceMachine } from '../../mdb/machines/announcing.ts';
import { answerStep } from '../../mdb/people/answering.ts';
import { openHumanStep } from '../../mdb/people/people.ts';
import { definePlaces } from '../../mdb/places/places.ts';
import { machines, networks, nics } from '../../mdb/schema.ts';
import {
  type AgentServer,
  type Born,
  bear,
  describe,
  giveToken,
  open,
  recordLine,
  startAgentServer,
} from '../api/agents.ts';
import { writeSite } from '../support/site.ts';

let server: AgentServer;
let chassis: string;
beforeAll(async () => {
  server = await startAgentServer();
  const site = await writeSite(server.mdb, { perRack: 30 });
  chassis = site.chassis['A02'] ?? '';
});
afterAll(() => server?.close());

const ann = { class: 'user', name: 'ann', role: 'operator' } as const;
const lldp = (fields: Record<string, string>) => recordLine('lldp', { nic: 'eth0', chassis, ...fields });
const orderOf = (born: Born) => ({
  machineId: born.machineId,
  siteId: 'home',
  orderId: born.orderId,
  passage: 'birth' as const,
});
const next = { step: 'configure', ordinal: 30, owner: 'team', limit: 60_000 };
async function register(born: Born, answer?: string) {
  const given = answer === undefined ? {} : { answer: { answer, by: 'ann' } };
  return createBirthActivities(server.mdb).register({ ...orderOf(born), next, ...given });
}
async function tell(born: Born, received: string): Promise<Born> {
  const reported = await server.ask(
    'POST',
    '/agent/inventory',
    await open(server, born),
    describe(born, { lldp: received }),
  );
  expect(reported.status, reported.reason).toBe(200);
  return { ...born, token: await giveToken(server.mdb, born.machineId, born.orderId) };
}
const seen = async (received: string) => tell(await bear(server.mdb), received);
const row = async ({ machineId }: Born) =>
  (await server.mdb.select().from(machines).where(eq(machines.id, machineId)))[0];

suite('N-2: a port is found by its id, then by its description, whatever the case', () => {
  it.each([
    [{ port: 'SWP3' }, 3],
    [{ port: '513', port_subtype: '7', port_description: 'swp4' }, 4],
    [{ port: '52:54:00:ff:01:05', port_subtype: '3', port_description: 'Swp5' }, 5],
    [{ port: 'swp6', port_description: 'swp7' }, 6],
    [{ port: '514', port_description: ' swp8 ' }, 8],
  ])('%j', async (fields, unit) => {
    const born = await seen(lldp(fields as Record<string, string>));
    expect(await register(born)).toMatchObject({ registered: { rack: 'A02', unit } });
    const [nic] = await server.mdb.select().from(nics).where(eq(nics.mac, born.mac));
    expect(nic).toMatchObject({
      neighbourPort: fields.port,
      neighbourPortSubtype: ('port_subtype' in fields && fields.port_subtype) || null,
    });
  });

  it('a MAC in any notation, and a chassis in another case', async () => {
    await definePlaces(
      server.mdb,
      { class: 'system', name: 'test' },
      {
        siteId: 'home',
        switches: [{ id: 'sw-x', chassis: 'Leaf-7', ports: [{ port: '52-54-00-FF-01-09', rack: 'A02', unit: 9 }] }],
      },
    );
    const born = await seen(lldp({ chassis: 'leaf-7', port: '5254.00ff.0109' }));
    expect(await register(born)).toMatchObject({ registered: { rack: 'A02', unit: 9 } });
  });
});

suite('O-6: a machine that was in service is put nowhere without a word', () => {
  async function inService(received: string): Promise<Born> {
    const born = await seen(received);
    expect(await register(born)).toHaveProperty('registered');
    for (const stage of ['configured', 'profiled', 'deployed', 'in_service'] as const)
      await server.mdb.update(machines).set({ stage }).where(eq(machines.id, born.machineId));
    return born;
  }

  it('its rebirth at a port that nobody announced is held with a question', async () => {
    const born = await inService(lldp({ port: 'swp20' }));
    const moved = await tell(born, lldp({ port: 'swp99' }));
    const held = await register(moved);
    expect(held).toMatchObject({ question: { fault: 'register/unknown-port' } });
    expect('question' in held && held.question.reason).toMatch(/recorded at A02 u20.*swp99/);
    expect(await register(moved, 'place:A02/21')).toMatchObject({ registered: { unit: 21 } });
    // A person has said where that port leads: the next rebirth there asks no more.
    for (const stage of ['configured', 'profiled', 'deployed', 'in_service'] as const)
      await server.mdb.update(machines).set({ stage }).where(eq(machines.id, born.machineId));
    const again = await tell(moved, lldp({ port: 'swp99' }));
    expect(await register(again)).toMatchObject({ registered: { unit: 21 } });
    expect(await register(await tell(again, lldp({ port: 'swp98' })))).toHaveProperty('question');
  });

  it('a place that no rack has is refused by name when it is answered, and by the activity', async () => {
    const born = await seen('');
    const id = `${born.orderId}:1`;
    const request = { id, ...orderOf(born), step: 'register', fault: 'register/no-neighbour', owner: 'team' };
    const choices = ['retry', 'place:RACK/UNIT', 'abandon'];
    await server.mdb.transaction((tx) =>
      openHumanStep(tx, { ...request, reason: 'Where?', choices, remindAfter: 86_400_000 }),
    );
    const say_ = (answer: string) => answerStep(server.mdb, ann, { step: id, answer });
    expect(await say_('place:A02/99')).toMatchObject({
      code: 'invalid',
      message: expect.stringMatching(/A02 has 48 units/),
    });
    expect(await say_('place:A99/9')).toMatchObject({ message: expect.stringMatching(/no rack A99/) });
    expect(await say_('place:A02')).toMatchObject({ message: expect.stringMatching(/place:RACK\/UNIT/) });
    expect(await say_('place:A02/0')).toMatchObject({ code: 'invalid' });
    expect(await register(born, 'place:A02/99')).toMatchObject({ question: { fault: 'register/no-such-slot' } });
    expect(await say_('place:A02/29')).toBe(true);
  });
});

suite('N-4: several machines in one unit', () => {
  it('each has a slot of its own: announced, by its port, by the word of a person', async () => {
    const announce = (mac: string, slot?: string) =>
      announceMachine(server.mdb, ann, 'home', { mac, rack: 'A01', unit: 12, ...(slot && { slot }) });
    expect(await announce('b0:26:28:00:12:01', '1')).toHaveProperty('id');
    expect(await announce('b0:26:28:00:12:02', '2')).toHaveProperty('id');
    expect(await announce('b0:26:28:00:12:03', '2')).toMatchObject({ code: 'conflict' });
    await definePlaces(
      server.mdb,
      { class: 'system', name: 'test' },
      {
        siteId: 'home',
        switches: [
          {
            id: 'sw-n4',
            chassis: '52:54:00:ff:0b:01',
            ports: ['3', '4'].map((slot) => ({ port: `swp${slot}`, rack: 'A01', unit: 12, slot })),
          },
        ],
      },
    );
    const at = (port: string) => seen(recordLine('lldp', { nic: 'eth0', chassis: '52:54:00:ff:0b:01', port }));
    const [third, fourth] = [await at('swp3'), await at('swp4')];
    for (const born of [third, fourth]) expect(await register(born)).toHaveProperty('registered');
    expect(await row(third)).toMatchObject({ rackId: 'A01', unit: 12, slot: '3', hostname: 'a01-12-3' });
    expect(await row(fourth)).toMatchObject({ slot: '4', hostname: 'a01-12-4' });
    const fifth = await seen('');
    expect(await register(fifth, 'place:A01/12.4')).toMatchObject({ question: { fault: 'register/slot-taken' } });
    expect(await register(fifth, 'place:A01/12.5')).toMatchObject({ registered: { unit: 12, slot: '5' } });
  });

  it('a person may say the slot of a port that only tells the unit', async () => {
    const [one, two] = [await seen(lldp({ port: 'swp11' })), await seen(lldp({ port: 'swp11' }))];
    expect(await register(one)).toHaveProperty('registered');
    const held = await register(two);
    expect(held).toMatchObject({
      question: { fault: 'register/slot-taken', choices: expect.arrayContaining(['place:RACK/UNIT.SLOT']) },
    });
    expect(await register(two, 'place:A02/11.2')).toMatchObject({ registered: { unit: 11, slot: '2' } });
  });

  it('their addresses differ where they follow from positions', async () => {
    await server.mdb.update(networks).set({ assignment: 'position' }).where(eq(networks.id, 'main'));
    try {
      const given = new Set<string | null | undefined>();
      for (const slot of ['1', '2', '3', '4']) {
        const born = await seen('');
        const result = await register(born, `place:A02/27.${slot}`);
        expect(result).toMatchObject({ registered: { slot } });
        // Asked again it keeps what it has.
        expect(await register(born)).toEqual(result);
        given.add((await row(born))?.address);
      }
      expect(given.size).toBe(4);
    } finally {
      await server.mdb.update(networks).set({ assignment: 'pool' }).where(eq(networks.id, 'main'));
    }
  });

  it('is written rack/unit.slot', () => {
    expect(readPlace('place:A07/12.3')).toEqual({ rack: 'A07', unit: 12, slot: '3' });
    expect(readPlace('place:A07/12/b')).toEqual({ rack: 'A07', unit: 12, slot: 'B' });
    expect(readPlace('place:A07/12.')).toBeNull();
    expect(hostnameAt('{rack}-u{unit}', { rack: 'A07', unit: 3, slot: 'B' })).toBe('a07-u03-b');
    expect(hostnameAt('{rack}-u{unit}n{slot}', { rack: 'A07', unit: 3, slot: '2' })).toBe('a07-u03n2');
    const neighbours = { nic: 'eth0', chassis: 'c', port: 'p', system: null };
    const at = (slot: string) => ({ ...neighbours, position: { rack: 'A01', unit: 2, slot } });
    expect(placeOf([at('1'), at('2')], null)).toMatchObject({ question: { fault: 'register/two-positions' } });
  });
});
