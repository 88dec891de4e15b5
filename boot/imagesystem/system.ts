import type { AgentRecord } from '../../contract/records.ts';
import type { Directive } from '../../domain/directive.ts';
import type { Milliseconds } from '../../domain/duration.ts';
import type { HandoverWay, ImageLayout } from '../../domain/images.ts';
import type { OperatorQuestion } from '../../domain/question.ts';
import type { Authority } from '../authority.ts';

/** An image as the MDB has it. */
export interface ImageOffer {
  readonly id: string;
  readonly path: string;
  /** 0 for an image that Farrier has no archive of. */
  readonly bytes: number;
  readonly sha256: string;
  readonly signature: string;
  readonly layout: ImageLayout;
}

type InstallDirective = Extract<Directive, { do: 'install' }>;

/** What the install directive says of the image. */
export type InstallPart = Pick<InstallDirective, 'imagePath' | 'bytes' | 'sha256' | 'signature'>;

/** What is known about a machine whose installed system has reported that it is ready. */
export interface Evidence {
  readonly requiredImage: string | null;
  /** As the installed system told it. */
  readonly observedImage: string | null;
  /** Whether the machine is in the list that image systems read. */
  readonly listed: boolean;
  /** Whether the birther, after the hand-over and no later than that report, told it to boot its own disk. */
  readonly bootedLocally: boolean;
}

/** What a machine's parts are made from. */
export interface Supplies {
  readonly authority: Pick<Authority, 'caPem' | 'issueMachineCertificate' | 'signImage'>;
  /** The folder whose files machines fetch at `/files/`. */
  readonly images: string;
  /** PEM file of the root that signs access certificates; where there is none, the site's own authority is it. */
  readonly accessCaFile: string;
}

/** Something that the site lacks; `reason` is one sentence for a person. */
export interface Missing {
  readonly missing: string;
}

/**
 * What differs between the systems that put the full image on a machine. Everything else in a birth is the same for
 * all; a further system is one more of these in the registry.
 */
export interface ImageSystem {
  /** What the agent is told of the image, and the bytes its root needs at least; held where this system can't have it. */
  plan(
    image: ImageOffer,
  ): { readonly part: InstallPart; readonly rootBytes: number } | { readonly question: OperatorQuestion };
  /** Records for the agent with what it copies into the new root besides Farrier's own files; secrets among them. */
  supply(hostname: string, supplies: Supplies): Promise<readonly AgentRecord[] | Missing>;
  readonly handover: {
    readonly how: HandoverWay;
    /** How fast the first fetch of the image runs where the image system fetches it; later ones keep its own limits. */
    readonly firstFetch: 'unthrottled' | null;
  };
  readonly readiness: {
    /** Milliseconds from the hand-over until the installed system has reported; null for the passage's own limit. */
    readonly limit: Milliseconds | null;
    /** Whether a machine that stays silent may be restarted unasked: not while its root is being filled. */
    readonly mayRestart: boolean;
  };
  /** The readiness gate: null lets the machine into service, anything else a person settles. */
  judge(evidence: Evidence): OperatorQuestion | null;
}
