import { describe, expect, it } from 'vitest';
import { parsePlaces } from '../../integrations/audit/place.ts';

describe('places', () => {
  it('are read from one text', () => {
    expect([
      ...parsePlaces(' file:/var/log/a.ndjson syslog+udp://[::1] \n syslog+tcp://log.example:80 otlp:otel ').values(),
    ]).toEqual([
      { kind: 'file', path: '/var/log/a.ndjson' },
      { kind: 'syslog', over: 'udp', host: '::1', port: 514 },
      { kind: 'syslog', over: 'tcp', host: 'log.example', port: 80 },
      { kind: 'otlp', reference: 'otel' },
    ]);
    expect(parsePlaces('').size).toBe(0);
  });

  it.each([
    ['file:relative', 'is none of'],
    ['http://x', 'is none of'],
    ['syslog://x', 'is none of'],
    ['syslog+tcp://', 'is none of'],
    ['syslog+tcp://user:secret@x', 'is none of'],
    ['syslog+tcp://x/path', 'is none of'],
    ['syslog+tcp://x?ca=/y', 'is for syslog+tls'],
    ['syslog+tls://x?ca=y', 'not an absolute path'],
    ['syslog+tls://x?what=/y', 'there is no what'],
    ['syslog+tls://x?ca=/nowhere/ca.pem', 'cannot be read'],
    ['otlp:../x', 'is none of'],
    ['otlp:', 'is none of'],
  ])('%s is refused', (text, why) => {
    expect(() => parsePlaces(text)).toThrow(why);
  });
});
