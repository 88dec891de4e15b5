/** Every table of the MDB, by what it is about. */
export * from './schema/addresses.ts';
export * from './schema/booting.ts';
export * from './schema/burnin.ts';
export * from './schema/capacity.ts';
export * from './schema/controllers.ts';
export * from './schema/enums.ts';
export * from './schema/erasures.ts';
export * from './schema/hardware.ts';
export * from './schema/machines.ts';
export * from './schema/orders.ts';
export * from './schema/permits.ts';
export * from './schema/places.ts';
export * from './schema/policy.ts';
export * from './schema/pools.ts';
export * from './schema/records.ts';
export * from './schema/rotations.ts';
export * from './schema/signins.ts';
