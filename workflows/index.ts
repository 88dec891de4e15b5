export { birth } from './birth/birth.ts';
export { machine } from './machine.ts';
