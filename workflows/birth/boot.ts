/**
 * How long a machine that was told to boot the network may take until its inventory, in milliseconds. A big server's
 * power-on self-test takes up to a quarter of an hour, twice that when it retrains its memory.
 */
export const bootLimitMs = 30 * 60_000;
