/** What the environment says to the command line. Read by hand: zod takes longer to load than most commands run. */
import { homedir } from 'node:os';
import { join } from 'node:path';

type Variables = Readonly<Record<string, string | undefined>>;

export interface CliEnvironment {
  readonly api: string | undefined;
  readonly token: string | undefined;
  /** Path of the file of contexts. */
  readonly contexts: string;
  readonly mdbUrl: string | undefined;
  readonly mdbOwnerUrl: string | undefined;
  readonly temporalAddress: string;
  readonly temporalNamespace: string;
  readonly bmcPassword: string | undefined;
  /** Lets an import in where it reads from another system. */
  readonly sourceToken: string | undefined;
  /** Whether a terminal may be written to in colours. */
  readonly colour: boolean;
}

/** Throws a sentence that names the variable and what is wrong with it. */
export function readEnvironment(variables: Variables): CliEnvironment {
  const filled = (name: string) => {
    if (variables[name] === '') throw new Error(`${name} is empty`);
    return variables[name];
  };
  const url = (name: string, schemes: readonly string[], example: string) => {
    const value = variables[name];
    if (value === undefined || schemes.includes(URL.parse(value)?.protocol ?? '')) return value;
    throw new Error(`${name} is not a URL like ${example}`);
  };
  const config = variables['XDG_CONFIG_HOME'] || join(homedir(), '.config');
  return {
    api: url('FARRIER_API', ['http:', 'https:'], 'http://127.0.0.1:8470'),
    token: filled('FARRIER_TOKEN'),
    contexts: filled('FARRIER_CONTEXTS') ?? join(config, 'farrier', 'contexts.json'),
    mdbUrl: variables['FARRIER_MDB_URL'],
    mdbOwnerUrl: url('FARRIER_MDB_OWNER_URL', ['postgres:', 'postgresql:'], 'postgres://farrier_owner:…@host/farrier'),
    temporalAddress: variables['TEMPORAL_ADDRESS'] ?? '127.0.0.1:7233',
    temporalNamespace: filled('TEMPORAL_NAMESPACE') ?? 'default',
    bmcPassword: filled('FARRIER_BMC_PASSWORD'),
    sourceToken: filled('FARRIER_IMPORT_TOKEN'),
    colour: !variables['NO_COLOR'] && variables['TERM'] !== 'dumb',
  };
}
