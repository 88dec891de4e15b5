import { expect, it } from 'vitest';
import { isHere } from '../../workers/process.ts';

it.each(['localhost:7233', '127.0.0.1:7233', '127.1.2.3:7233', '[::1]:7233', 'LOCALHOST'])(
  '%s is this machine: what goes there is not compressed',
  (address) => expect(isHere(address)).toBe(true),
);

it.each(['temporal:7233', '10.0.0.1:7233', '127.0.0.1.example.org:7233', 'localhost.example.org', '[fd00::1]:7233'])(
  '%s is another machine',
  (address) => expect(isHere(address)).toBe(false),
);
