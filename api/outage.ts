// SQLSTATE classes of a server that is going down, starting up, out of connections, or gave a statement up.
const sqlOutage = /^(08...|53...|57P0[1-5]|57014|25006)$/;
const socketOutage = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENOTFOUND',
]);

/** Whether an error says that the MDB cannot be used now, as opposed to a fault in what was asked. */
export function isOutage(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const { code } = at as Error & { code?: unknown };
    if (typeof code === 'string' && (sqlOutage.test(code) || socketOutage.has(code))) return true;
    // node-postgres gives these no code: a pool without a free connection, and a server that went away.
    if (/timeout exceeded when trying to connect|Connection terminated/i.test(at.message)) return true;
  }
  return false;
}

/** The name of the constraint that a statement violated; null for any other error. */
export function violatedConstraint(error: unknown): string | null {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const { constraint } = at as Error & { constraint?: unknown };
    if (typeof constraint === 'string') return constraint;
  }
  return null;
}
