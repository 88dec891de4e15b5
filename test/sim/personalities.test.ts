import { afterEach, describe, expect, test } from 'vitest';
import { personalities, personalityChoices } from '../../sim/bmc/personalities.ts';
import { askBmc, basicOf, get, journal, match, play, resetBmcSystem, soon, stopPlaying, system } from './playing.ts';

afterEach(stopPlaying);

const each = personalityChoices.filter((choice): choice is keyof typeof personalities => choice !== 'mixed');

describe.each(each)('%s', (id) => {
  test('shows a tree without a broken link, each document under its own name', async () => {
    await play(id);
    const seen = new Set<string>();
    const queue = ['/redfish/v1'];
    for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
      if (seen.has(path)) continue;
      seen.add(path);
      const { status, json } = await askBmc('GET', path);
      expect([path, status]).toEqual([path, 200]);
      expect(json['@odata.id'].toLowerCase()).toBe(path.replace(/\/$/, '').toLowerCase());
      for (const [, link = ''] of JSON.stringify(json).matchAll(/"@odata\.id":"([^"#]+)/g)) queue.push(link);
    }
    expect(seen.size).toBeGreaterThan(12);
  });

  test('shows the reset types and sensors that its data says, and turns a machine on and off', async () => {
    const machine = await play(id);
    const { resetTypes, sensors, powerPauseSeconds } = personalities[id];
    const shown = await system();
    const action = shown.Actions['#ComputerSystem.Reset'];
    const info = action['@Redfish.ActionInfo'] && (await get(action['@Redfish.ActionInfo']));
    expect(info?.Parameters[0].AllowableValues ?? action['ResetType@Redfish.AllowableValues']).toEqual(resetTypes);
    const chassis = await get(shown.Links.Chassis[0]['@odata.id']);
    expect(['Thermal' in chassis, 'Sensors' in chassis]).toEqual([sensors !== 'new', sensors !== 'old']);
    expect((await resetBmcSystem('On')).status).toBeLessThan(300);
    await soon(async () => (await system()).PowerState).toBe('On');
    await new Promise((resolve) => setTimeout(resolve, (powerPauseSeconds * 1000) / 50));
    expect((await resetBmcSystem('ForceOff')).status).toBeLessThan(300);
    expect(machine.state.power).toBe('off');
    expect([await journal('power-on'), await journal('power-off')].map(({ length }) => length)).toEqual([1, 1]);
  });

  test('changes its password within its own limits, once', async () => {
    await play(id);
    const { MinPasswordLength: min, MaxPasswordLength: max } = await get('/redfish/v1/AccountService');
    const accounts = (await get('/redfish/v1/AccountService/Accounts')).Members as { '@odata.id': string }[];
    const all = await Promise.all(accounts.map((member) => get(member['@odata.id'])));
    const own = all.find(({ UserName }) => UserName === 'admin');
    const tagged = async (Password: string) =>
      askBmc('PATCH', own['@odata.id'], { Password }, await match(own['@odata.id']));
    expect((await tagged('x'.repeat(max + 1))).status).toBe(400);
    if (min > 0) expect((await tagged('x'.repeat(min - 1))).status).toBe(400);
    expect((await tagged('y'.repeat(Math.max(min, 8)))).status).toBe(204);
    expect((await askBmc('GET', own['@odata.id'])).status).toBe(401);
    expect((await askBmc('GET', own['@odata.id'], undefined, basicOf('y'.repeat(Math.max(min, 8))))).status).toBe(200);
    expect(await journal('password-changed')).toHaveLength(1);
  });
});
