import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { findDuplicates } from '../../scripts/duplicates.ts';
import { sourceFiles } from '../../scripts/sources.ts';

/** What is said about a small tree, given as its files. */
function check(files: Readonly<Record<string, string>>, allowed: Readonly<Record<string, string>> = {}): string[] {
  return findDuplicates(
    Object.entries(files).map(([path, source]) => ({ path, source })),
    allowed,
  );
}

test('every exported name of this checkout is declared in one file', () => {
  expect(findDuplicates(sourceFiles().map((path) => ({ path, source: readFileSync(path, 'utf8') })))).toEqual([]);
});

test.each([
  ['two interfaces', 'export interface Rack {}', 'export interface Rack {}'],
  ['a type and a function', 'export type Rack = string;', 'export function Rack() {}'],
  ['a class and a constant', 'export class Rack {}', 'export const Rack = 1;'],
  ['a name taken out of an object', 'export const { Rack } = racks;', 'export enum Rack {}'],
  ['a name given at the export', 'const a = 1;\nexport { a as Rack };', 'export async function Rack() {}'],
])('the check refuses %s of one name in two files', (_, a, b) => {
  expect(check({ 'mdb/a.ts': a, 'sim/b.ts': b })).toEqual(['Rack is exported by mdb/a.ts and by sim/b.ts']);
});

test.each([
  ['a schema and the type inferred from it', 'export const Rack = schema();\nexport type Rack = typeof Rack;', ''],
  ['the overloads of one function', 'export function Rack(): 1;\nexport function Rack(): number {\n  return 1;\n}', ''],
  ['a name that is passed on', 'export interface Rack {}', "export type { Rack } from './a.ts';"],
  ['everything passed on', 'export interface Rack {}', "export * from './a.ts';"],
  ['a name that is not exported', 'export interface Rack {}', 'interface Rack {}'],
  ['two defaults', 'export default 1;', 'export default 2;'],
])('the check takes %s', (_, a, b) => {
  expect(check({ 'mdb/a.ts': a, 'mdb/b.ts': b })).toEqual([]);
});

test('a file that stands in for others may export their names, while it does', () => {
  const standIns = { 'test/stand-in.ts': 'it is loaded by name' };
  expect(
    check({ 'mdb/a.ts': 'export const rack = 1;', 'test/stand-in.ts': 'export const rack = 2;' }, standIns),
  ).toEqual([]);
  expect(check({ 'mdb/a.ts': 'export const rack = 1;', 'test/stand-in.ts': '' }, standIns)).toEqual([
    'test/stand-in.ts exports no name of another file: take it off the list in scripts/duplicates.ts',
  ]);
});
