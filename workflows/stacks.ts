/**
 * Loaded once into the context of all workflows (`preloadModules`), before the SDK freezes what they share.
 *
 * For each promise that a workflow makes, the SDK takes a stack trace and looks each of its frames up in the bundle's
 * source map: with Node's ten frames that was a third of the time that a birth took in the workflow thread
 * (docs/decisions/stacks.md). Four frames tell where an error came from; where a passage stands, its status says.
 */
Error.stackTraceLimit = 4;
