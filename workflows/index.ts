export { birth } from './birth/birth.ts';
export { machine } from './machine.ts';
export { records } from './records.ts';
