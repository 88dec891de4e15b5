/** Passwords, kept as Argon2id only. */
import { hash, verify } from '@node-rs/argon2';

export interface Passwords {
  hash(password: string): Promise<string>;
  /** Whether it is the one; as slow where there is none. Null: too many are looked at already. */
  isRight(hash: string | null, password: string): Promise<boolean | null>;
}

// Each takes 19 MiB and some 20 ms of a core: others who ask must not wait for who tries passwords.
const [atOnce, waiting] = [2, 20];

export function createPasswords(): Passwords {
  let running = 0;
  const queue: (() => void)[] = [];
  // Of no one's: looked at where nobody has the name, so that it takes as long.
  const nobodys = hash('nobody has this password');

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (running >= atOnce) await new Promise<void>((resolve) => queue.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = queue.shift();
      if (next) next();
      else running -= 1;
    }
  }

  return {
    hash: (password) => inTurn(() => hash(password)),
    isRight: async (known, password) => {
      if (queue.length >= waiting) return null;
      const right = await inTurn(async () => verify(known ?? (await nobodys), password));
      return right && known !== null;
    },
  };
}
