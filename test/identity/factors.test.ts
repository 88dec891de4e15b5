import { expect, describe as suite, test } from 'vitest';
import { identityMismatch, readBootRequest } from '../../boot/request.ts';
import { judgeSwap } from '../../domain/identity/board.ts';
import { isFiller } from '../../domain/identity/filler.ts';
import { normaliseSerial, normaliseUuid } from '../../domain/identity/identity.ts';
import { type Factors, sameMachine } from '../../domain/identity/samemachine.ts';
import { everyRecorded, treesAbsent } from '../redfish/tree.ts';

suite('I-1: a UUID in the other byte order is the same UUID, to every reader', () => {
  const reported = '00112233-4455-6677-8899-aabbccddeeff';
  const observed = '33221100-5544-7766-8899-AABBCCDDEEFF';
  const real = 'd3cf3088-33c5-4fb6-99d0-cfd25c12e7bf';
  const swapped = '8830cfd3-c533-b64f-99d0-cfd25c12e7bf';
  const known: Factors = { uuid: real, serials: ['NB-77Q'], macs: [] };

  test('to the check of a controller', () => {
    expect(sameMachine(known, { ...known, uuid: swapped })).toMatchObject({ same: true, matched: ['uuid', 'serial'] });
    expect(sameMachine(known, { ...known, uuid: real.replace('d3', 'd4') })).toMatchObject({
      same: false,
      other: true,
    });
    expect(sameMachine({ ...known, uuid: reported }, { ...known, uuid: observed }).same).toBe(true);
  });

  test('to the look at a board that may be another one', () => {
    const board = { bootMac: 'b0:26:28:11:22:33', bmcMac: null, key: null };
    const before = { ...board, ...known, macs: ['b0:26:28:11:22:33'] };
    const seen = {
      uuid: swapped,
      serial: 'NB-77Q',
      boardSerial: null,
      serials: ['NB-77Q'],
      macs: ['b0:26:28:11:22:33'],
      bmcMacs: [],
      key: 'k',
      vendor: null,
      product: null,
    };
    expect(judgeSwap(before, seen)).toEqual({ is: 'same' });
  });

  test('to a boot request', () => {
    const request = readBootRequest(new URLSearchParams({ mac: 'b0:26:28:11:22:33', uuid: swapped }));
    expect(identityMismatch(request, { systemUuid: real, serial: null })).toBeNull();
  });
});

suite('I-4: what firmware prints where it has no value is recognised by its shape', () => {
  test.each([
    'fefefefe-fefe-fefe-fefe-fefefefefefe',
    '03020100-0504-0706-0908-0b0a0d0c0f0e',
    '03020100-0504-0706-0809-0a0b0c0d0e0f',
    '00010203-0405-0607-0809-0a0b0c0d0e0f',
    '10000000-0000-8000-0040-000000000000',
    '10000000-0000-8000-0040-d45d64a1b2c3',
    '4c4c4544-0000-2010-8020-80c04f202020',
    '44454c4c-0000-1020-8020-80c04f202020',
    '03000200-0400-0500-0006-000700080009',
    '00020003-0004-0005-0006-000700080009',
    '12345678-1234-5678-90ab-cddeefaabbcc',
    '01234567-89ab-cdef-0123-456789abcdef',
    'fedcba98-7654-3210-fedc-ba9876543210',
    '11111111-2222-3333-4444-555555555555',
    'deadbeef-dead-beef-dead-beefdeadbeef',
    'ffffffff-ffff-ffff-ffff-ac1f6b123456',
    '00000000-0000-0000-0000-ac1f6b123456',
    'ac1f6b12-3456-0000-0000-000000000000',
    'ffffff00-ffff-ff00-ffff-ffffff00ffff',
    '20202020-2020-2020-2020-202020202020',
    // ASCII: "Default string", "NotSpecified", a product number with a blank serial number behind it.
    '44656661-756c-7420-7374-72696e670000',
    '4e6f7453-7065-6369-6669-656400000000',
    '38363736-3037-2020-2020-202020202020',
  ])('the UUID %s says nothing', (uuid) => {
    expect(normaliseUuid(uuid)).toBeNull();
    expect(normaliseUuid(`{${uuid.toUpperCase()}}`)).toBeNull();
  });

  test.each([
    '4c4c4544-0042-3510-8052-b4c04f4d3333',
    '4c4c4544-0035-3410-8050-c6c04f314733',
    // A service tag of five characters, as on old ones.
    '4c4c4544-0042-3510-8052-b4c04f202020',
    '39343550-3330-4d32-3244-324a30304c34',
    '34383350-3131-584d-5133-303230393953',
    'ae0a96c0-cb06-11e5-a837-000000000000',
    '98da7000-0d32-11e9-8000-ac1f6b000001',
    '564d8e5a-2f41-9c33-81d2-0a5c7be19f40',
    '49434d53-0200-9036-2500-369025000e0a',
  ])('the UUID %s is one', (uuid) => expect(normaliseUuid(uuid)).toBe(uuid));

  test.each([
    'Enter Serial',
    'enter serial number here',
    'To be filled by O.E.M',
    'TO BE FILLED BY OEM',
    'To Be Filled By O.E.M. by More String',
    'TBD by OEM',
    'TBD',
    'No Serial',
    'System Serial',
    'SystemSerialNumb',
    'EVAL',
    'Evaluation',
    '12345',
    '1234567890',
    '9876543210',
    '0123456789ABCDEF',
    'ABCDEFGH',
    'BSN12345678901234567',
    'SN: 0000000000',
    'SN0000000000',
    'nil',
    '(null)',
    '<nil>',
    'CPLDSerialNumber',
    'CPLD_SN_1',
    'Chassis Serial Number',
    'Base Board Serial Number',
    'Default string',
    'Not Specified',
    'Not-Set',
    'Unspecified',
    'N/A',
    'n.a.',
    'None',
    'SerNum00',
    'A1_AssetTagNum0',
    '<BAD INDEX>',
    '<OUT OF SPEC>',
    '0x00000000',
    '........',
    '- - -',
    'xxxxxxxxxx',
    'ABABABABABAB',
    '\u00ff\u00ff\u00ff\u00ff',
    '\ufffd\ufffd\ufffd',
    'SSN12345678901234567',
    'SYS-1234567890',
    'OEM_Define1',
    'Customer Defined',
    'Unprogrammed',
    'Uninitialised',
    'Unpopulated',
    'Absent',
    'No Data',
    'Read Error',
    'Access denied',
    'Change me',
    'CHANGEME',
    'Factory Default',
    'Engineering Sample',
    'To be determined',
    'Chassis Manufacture',
    'FRU Serial',
    'Intel Corporation',
    'Super Micro',
    'Supermicro',
    'Dell Inc.',
    'QEMU',
    '1122334455',
    '112233445566',
    '123123123',
    '55AA55AA55AA',
    'O.E.M.',
    'Your serial here',
    '7',
  ])('the serial number %j says nothing', (serial) => expect(normaliseSerial(serial)).toBeNull());

  test.each([
    'B5R3M33',
    '2M220100SL',
    'SNDHM0123456789',
    '163XXXXXXXXXX',
    '..CN7475154600AB..',
    '0x00443842285c8630',
    'CZ12345678',
    'EVAL7X2291',
    'NA20341177',
    'OEM-44871-X',
    'S1',
    '17',
    '1Z0000001',
    'SIM00101F3',
    '8675309',
    'TBD9K2261',
    // Service tags of five and six characters whose letters make a placeholder's word when their digits are left out.
    '6F0SN',
    'F0SN4',
    '0X2BY',
    'A5TA2G',
    '6K2TAG',
    'V1M8FG',
    '2T5OEM',
    'BET43O',
    'G6SE4R',
    '10221022',
    '11002200',
  ])('the serial number %j is one', (serial) => expect(normaliseSerial(serial)).toBe(serial));
});

suite('I-4: a serial number of which nothing survives every way that it comes tells no machine from another', () => {
  test.each(['产品甲', '未知', '产1', 'Нет', '№§'])('%s', (serial) => {
    expect(normaliseSerial(serial)).toBeNull();
    const known: Factors = { uuid: null, serials: [serial], macs: ['b0:26:28:11:22:33'] };
    expect(sameMachine(known, { ...known, serials: ['产品乙'] })).toMatchObject({ same: false });
  });
});

suite.skipIf(treesAbsent)('I-4: of all that recorded controllers show', () => {
  test('no UUID and no serial number is lost but what says nothing', () => {
    const dropped = [...everyRecorded('UUID')].filter((uuid) => normaliseUuid(uuid) === null);
    expect(dropped.filter((uuid) => !/^0{8}(-0{4}){3}-|^STATIC/.test(uuid))).toEqual([]);
    const serials = [...everyRecorded('SerialNumber'), ...everyRecorded('SKU'), ...everyRecorded('PartNumber')];
    const fillers = serials.filter((serial) => serial.trim() !== '' && isFiller(serial));
    expect([...new Set(fillers)].sort()).toEqual(['N/A', 'NA', 'Unknown']);
  });
});

suite('B-9: a serial number is compared on what survives every way that it comes', () => {
  const recorded = { systemUuid: null, serial: 'AC12&B-7/X' };
  test.each(['AC12&B-7/X', 'ac12&b-7/x', 'AC12 B-7/X', 'AC12B-7/X', ' AC12&B-7/X '])('%j is it', (serial) => {
    expect(identityMismatch({ uuid: null, serial }, recorded)).toBeNull();
  });
  test('bytes above 0x7f are decoded differently by every reader', () => {
    expect(
      identityMismatch({ uuid: null, serial: 'Q\ufffd77Z1' }, { systemUuid: null, serial: 'Q\u00e977Z1' }),
    ).toBeNull();
    const known = { uuid: null, serials: ['Q\u00e977Z1'], macs: ['b0:26:28:11:22:33'] };
    expect(sameMachine(known, { ...known, serials: ['Q77Z1'] })).toMatchObject({ same: true });
  });
  test('another one is another one', () => {
    expect(identityMismatch({ uuid: null, serial: 'AC12C-7/X' }, recorded)).toContain('AC12C-7/X');
  });
});

suite('I-3: an old board whose UUID and serial numbers say nothing', () => {
  const macs = ['0c:c4:7a:11:22:30', '0c:c4:7a:11:22:31'];
  const known: Factors = {
    uuid: '00000000-0000-0000-0000-0cc47a112230',
    serials: ['0123456789', 'Default string', null],
    bootMac: '0c:c4:7a:11:22:30',
    macs,
  };
  test('is known by two MACs of its own', () => {
    expect(sameMachine(known, { ...known, macs })).toMatchObject({ same: true });
  });
  test("is known by one MAC and its controller's", () => {
    const bmc = { bmcMacs: ['0c:c4:7a:99:00:01'] };
    const one = { ...known, macs: macs.slice(0, 1) };
    expect(sameMachine({ ...one, ...bmc }, { ...one, ...bmc })).toMatchObject({ same: true });
    expect(sameMachine({ ...one, ...bmc }, { ...one, bmcMacs: ['0c:c4:7a:99:00:02'] })).toMatchObject({
      same: false,
      other: false,
    });
  });
  test('is not known by one MAC alone, nor by MACs that no factory gave', () => {
    expect(sameMachine(known, { ...known, macs: macs.slice(0, 1) })).toMatchObject({ same: false, other: false });
    const local = ['02:00:00:00:00:01', '02:00:00:00:00:02'];
    expect(sameMachine({ ...known, macs: local }, { ...known, macs: local })).toMatchObject({ same: false });
  });
});
