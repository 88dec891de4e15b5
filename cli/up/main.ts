#!/usr/bin/env node
/** `up` alone, without the rest of the command line: what scripts/up starts. */
import { upCommand } from './options.ts';
import { upHere } from './terminal.ts';

await upCommand(upHere).parseAsync();
