import type { Hardware } from './hardware.ts';
import type { Phase } from './state.ts';

const banners: Readonly<Partial<Record<Phase, (hardware: Hardware) => readonly string[]>>> = {
  post: ({ model, uuid }) => [
    // As firmware draws: cleared, and in colour.
    `\u001b[2J\u001b[1;37m${model.vendor} ${model.product}, BIOS ${model.biosVersion}\u001b[0m`,
    `UUID ${uuid}`,
  ],
  network: () => ['iPXE initialising devices...', 'net0: configuring by DHCP'],
  kernel: () => ['Linux version 6.12.0 (bootstrap image)'],
  agent: () => ['farrier-agent: started'],
  disk: () => ['Booting from the local disk'],
  system: ({ id }) => [`${id} login:`],
  'no-device': () => ['No bootable device was found.'],
};

/** What a machine writes to its console when it comes to this phase. */
export function written(phase: Phase, hardware: Hardware): readonly string[] {
  return banners[phase]?.(hardware) ?? [];
}
