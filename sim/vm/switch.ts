/**
 * The switch's voice. A Linux bridge drops LLDP (it is link-local by standard), so frames have to be put on each
 * server's own link. QEMU does that: a `filter-redirector` on the machine's network back end takes frames from a
 * Unix socket and hands them to the NIC, as if the cable had brought them. So this needs no raw socket, no helper
 * program and no process inside the namespace, and other traffic is not touched.
 */
import { connect, type Socket } from 'node:net';
import { lldpFrame, type PortFace } from './lldp.ts';

interface Port {
  readonly source: string;
  face: PortFace;
  silent: boolean;
  socket: Socket | null;
}

// Frames that QEMU has not read yet are not worth keeping: a stopped machine would get them all at once.
const backlog = 4096;

export class VirtualSwitch {
  readonly #ports = new Map<string, Port>();
  readonly #timer: NodeJS.Timeout;

  /** @param intervalMs between two frames of a port; real switches take 30 s, which would only make births slow */
  constructor(intervalMs = 2000) {
    this.#timer = setInterval(() => this.#speak(), intervalMs);
  }

  /** Adds the port that this machine's cable is in. `source` is the port's own MAC address. */
  addPort(machineId: string, face: PortFace, source: string): void {
    this.#ports.set(machineId, { face, source, silent: false, socket: null });
  }

  face(machineId: string): PortFace {
    return this.#port(machineId).face;
  }

  /** Changes what the port says, from the next frame on: another port id is a cable in the wrong port. */
  change(machineId: string, face: Partial<PortFace>): void {
    const port = this.#port(machineId);
    port.face = { ...port.face, ...face };
    this.#send(port);
  }

  /** A switch with LLDP turned off. */
  silence(machineId: string, silent: boolean): void {
    this.#port(machineId).silent = silent;
  }

  /** The machine was powered on and QEMU listens for frames on this Unix socket. */
  linkUp(machineId: string, path: string): void {
    const port = this.#port(machineId);
    port.socket?.destroy();
    const socket = connect(path);
    port.socket = socket;
    socket.on('connect', () => this.#send(port));
    // QEMU ends with the machine's power; that is a link going down and nothing to report.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      if (port.socket === socket) port.socket = null;
    });
  }

  close(): void {
    clearInterval(this.#timer);
    for (const port of this.#ports.values()) port.socket?.destroy();
  }

  #port(machineId: string): Port {
    const port = this.#ports.get(machineId);
    if (port === undefined) throw new Error(`no port for machine ${machineId}`);
    return port;
  }

  #speak(): void {
    for (const port of this.#ports.values()) this.#send(port);
  }

  #send(port: Port): void {
    const { socket } = port;
    if (port.silent || socket === null || socket.connecting || socket.writableLength > backlog) return;
    const frame = lldpFrame(port.face, port.source);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(frame.length);
    socket.write(Buffer.concat([length, frame]));
  }
}
