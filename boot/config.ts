import { z } from 'zod';

/** Thrown for an environment that a process cannot run with; the message names each variable and what is wrong. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** `host:port`; an IPv6 host stands in brackets. */
const listen = z.string().transform((text, context) => {
  const match = /^(?:\[([0-9a-f:]+)\]|([^:\s]+)):(\d{1,5})$/i.exec(text);
  if (match && Number(match[3]) < 65_536) return { host: match[1] ?? match[2] ?? '', port: Number(match[3]) };
  context.addIssue('is not host:port, e.g. 127.0.0.1:8080');
  return z.NEVER;
});

const origin = z
  .string()
  .regex(/^https?:\/\/[a-z0-9][a-z0-9.-]*(:\d{1,5})?$/, 'is not an origin like http://192.168.77.1:8080');

const list = z
  .string()
  .default('')
  .transform((text) => text.split(/[\s,]+/).filter(Boolean));

const common = {
  FARRIER_MDB_URL: z.string().min(1, 'is empty'),
  FARRIER_DATA: z.string().min(1, 'is empty'),
  FARRIER_SITE: z.string().min(1).default('home'),
  FARRIER_LOG: z.enum(['info', 'debug', 'silent']).default('info'),
};

/** A serial console without a speed would run at the kernel's 9600 baud; firmware of today uses 115200. */
const withSpeed = (console: string) => (/^tty(S|USB|AMA)\d+$/.test(console) ? `${console},115200` : console);

/** Environment of the birther. */
export const birtherConfig = z.object({
  ...common,
  FARRIER_BOOT_LISTEN: listen.default({ host: '127.0.0.1', port: 8080 }),
  FARRIER_BOOT_URL: origin,
  FARRIER_AGENT_URL: origin,
  /** Addresses and networks of relays and proxies whose `X-Forwarded-For` counts. */
  FARRIER_PROXIES: list,
  /** Boot requests a second that one source may keep up. */
  FARRIER_BOOT_RATE: z.coerce.number().int().positive().default(1000),
  /** Kernel consoles of the bootstrap image, separated by blanks; the last one is where the agent writes. */
  FARRIER_CONSOLES: z
    .string()
    .default('tty0 ttyS0')
    .transform((text) => text.split(/\s+/).filter(Boolean).map(withSpeed))
    .refine(
      (all) => all.every((one) => /^[a-z]{3,8}\d{0,2}(,\d{1,7}[a-z]?\d?)?$/i.test(one)),
      'is not a list of consoles',
    ),
});

/** Environment of the DHCP runner. */
export const dhcpConfig = z.object({
  ...common,
  FARRIER_BOOT_URL: origin,
  /** Network interfaces to answer on, separated by commas. */
  FARRIER_DHCP_INTERFACES: list
    .refine((all) => all.length > 0, 'names no interface')
    .refine((all) => all.every((one) => /^[a-z0-9._-]{1,15}$/i.test(one)), 'is not a list of interfaces'),
  /** `serve` leases addresses, `proxy` leaves that to another server and only says where to boot from. */
  FARRIER_DHCP_MODE: z.enum(['serve', 'proxy']).default('serve'),
});

/** Reads the environment of a process; throws ConfigError that names every variable that is missing or wrong. */
export function readConfig<T extends z.ZodType>(shape: T, environment: NodeJS.ProcessEnv): z.infer<T> {
  const parsed = shape.safeParse(environment);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, code, message }) => {
    const name = path.join('.');
    return environment[name] === undefined && code === 'invalid_type' ? `${name} is not set` : `${name} ${message}`;
  });
  throw new ConfigError(problems.join('; '));
}
