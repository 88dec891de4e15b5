import { EventEmitter, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** An event of QEMU's machine protocol, e.g. `RESET` with `{ guest, reason }`. */
export interface QmpEvent {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** A command that QEMU refused, or that it can no longer answer. */
export class QmpError extends Error {
  override readonly name = 'QmpError';
}

/** One connection to QEMU's monitor. Emits `event` (QmpEvent) and `close`. */
export class Qmp extends EventEmitter<{ event: [QmpEvent]; close: [] }> {
  readonly #socket: Socket;
  readonly #pending: Pending[] = [];
  #rest = '';

  private constructor(socket: Socket) {
    super();
    this.#socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.#read(text));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#closed());
  }

  /** Connects, asking again while QEMU is still starting; throws QmpError when it gives up. */
  static async connect(path: string, withinMs: number, stillWorth: () => boolean): Promise<Qmp> {
    const deadline = Date.now() + withinMs;
    while (Date.now() < deadline && stillWorth()) {
      const socket = connect(path);
      try {
        await once(socket, 'connect');
        const qmp = new Qmp(socket);
        await qmp.execute('qmp_capabilities');
        return qmp;
      } catch {
        socket.destroy();
        await delay(50);
      }
    }
    throw new QmpError('QEMU did not open its monitor');
  }

  /** Answers come in the order of the commands, so a queue is enough. */
  execute(command: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    if (this.#socket.destroyed) return Promise.reject(new QmpError(`${command}: the machine is off`));
    return new Promise((resolve, reject) => {
      this.#pending.push({ resolve, reject });
      this.#socket.write(`${JSON.stringify({ execute: command, arguments: args })}\n`);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') this.#take(JSON.parse(line));
  }

  #take(message: Record<string, unknown>): void {
    if (typeof message.event === 'string') {
      this.emit('event', { event: message.event, data: (message.data ?? {}) as Record<string, unknown> });
    } else if ('return' in message) {
      this.#pending.shift()?.resolve(message.return);
    } else if ('error' in message) {
      const { desc } = message.error as { desc?: string };
      this.#pending.shift()?.reject(new QmpError(desc ?? 'QEMU refused'));
    }
  }

  #closed(): void {
    for (const pending of this.#pending.splice(0)) pending.reject(new QmpError('the machine went off'));
    this.emit('close');
  }
}
