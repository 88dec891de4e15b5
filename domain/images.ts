/** Images, and how a machine comes to run one. */

export interface ImageLayout {
  /** Size of the boot partition in MiB. */
  readonly bootMib: number;
  /** Whether the root takes the rest of the first disk (`rest`) or a number of MiB. */
  readonly rootMib: number | 'rest';
  /** How the image boots: with the bootstrap kernel and initramfs, or with its own. */
  readonly kernel: 'bootstrap' | 'own';
}

/** SHA-256, in hex, of the kernel and initrd that this site serves and that a machine keeps to start itself. */
export interface BootSums {
  readonly kernel: string;
  readonly initrd: string;
}

/** How a machine goes over to its image: by a restart from its own disk, or by going on in the new root. */
export type HandoverWay = 'reboot' | 'in-place';
