import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { createServer, type Server as TlsServer } from 'node:tls';
import type { SimMachine } from './machine.ts';
import { type Certificate, makeCertificate } from './vm/certificate.ts';

/** Speaks TLS for controllers: each by a certificate of its own, self-signed as real ones are, and kept so that a pin holds. */
export class Tls {
  readonly #http: Server;
  readonly #servers = new Map<SimMachine, Promise<TlsServer>>();

  /** `http` gets the connections, once they are secure. */
  constructor(http: Server) {
    this.#http = http;
  }

  /** Takes a connection to this machine's controller. */
  accept(machine: SimMachine, socket: Socket): void {
    // A client that hangs up while the certificate is made is nobody's fault.
    const broken = () => socket.destroy();
    socket.on('error', broken);
    socket.pause();
    void this.#serverOf(machine).then((server) => {
      socket.off('error', broken);
      server.emit('connection', socket);
    }, broken);
  }

  /** Gives the controller another certificate, for whoever connects from now on. */
  async change(machine: SimMachine): Promise<void> {
    const { cert, key } = await renewCertificate(machine);
    (await this.#serverOf(machine)).setSecureContext({ cert, key });
  }

  #serverOf(machine: SimMachine): Promise<TlsServer> {
    const known = this.#servers.get(machine) ?? this.#open(machine);
    this.#servers.set(machine, known);
    return known;
  }

  async #open(machine: SimMachine): Promise<TlsServer> {
    const { cert, key } = machine.state.controller?.certificate ?? (await renewCertificate(machine));
    const server = createServer({ cert, key, minVersion: 'TLSv1.2' });
    server.on('secureConnection', (socket) => this.#http.emit('connection', socket));
    // Who doesn't like the certificate hangs up.
    server.on('tlsClientError', () => {});
    return server;
  }
}

async function renewCertificate(machine: SimMachine): Promise<Certificate> {
  const certificate = await makeCertificate(`bmc-${machine.id}`);
  machine.state.controller = { ...machine.state.controller, certificate };
  machine.changed();
  return certificate;
}
