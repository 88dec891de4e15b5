import type { EraseTarget } from './clean/erase.ts';
import type { BootSums, HandoverWay, ImageLayout } from './images.ts';
import type { ImageKind, ImageSystemName } from './machine.ts';

/** What the agent is told to do next. Plain data; secrets are fetched over the agent's own session. */
export type Directive =
  | { readonly do: 'wait' }
  | { readonly do: 'hold'; readonly reason: string }
  | { readonly do: 'burnin'; readonly burninId: string; readonly stressSeconds: number; readonly capSeconds: number }
  | {
      readonly do: 'install';
      readonly image: string;
      readonly imageKind: ImageKind;
      /** Below the file server's root; empty where the agent fetches no image. */
      readonly imagePath: string;
      /** 0 where the agent fetches no image, and leaves the root empty for the image system. */
      readonly bytes: number;
      readonly sha256: string;
      readonly signature: string;
      readonly hostname: string;
      /** Permanent address with prefix length, e.g. `10.1.0.12/16`. */
      readonly address: string;
      readonly gateway: string | null;
      readonly dns: readonly string[];
      readonly mark: string;
      /** Serial of the disk to install on. */
      readonly disk: string;
      readonly layout: ImageLayout;
      readonly boot: BootSums;
      readonly imageSystem: ImageSystemName;
    }
  | {
      readonly do: 'handover';
      readonly hostname: string;
      readonly address: string;
      readonly imageSystem: ImageSystemName;
      readonly how: HandoverWay;
    }
  | {
      readonly do: 'erase';
      /** The only disks that are touched. */
      readonly disks: readonly EraseTarget[];
      /** What the marked blocks are drawn from. */
      readonly seed: string;
      /** Mark and key fingerprint of the disk that Farrier encrypted, for the method `crypto`. */
      readonly mark: string;
      readonly key: string | null;
    }
  | { readonly do: 'reboot' };
