import type { Directive } from '../../domain/directive.ts';
import type { ImageSystemName } from '../../domain/machine.ts';
import type { SitePolicy } from '../../domain/places/site.ts';
import { archive } from './archive.ts';
import { dominator } from './dominator.ts';
import type { ImageSystem } from './system.ts';

/** Every image system that a site's policy may name. */
export const imageSystems: Record<ImageSystemName, ImageSystem> = { archive, dominator };

/** The one that the machine was told to be installed for: a policy that changed since is for the next birth. */
export function imageSystemOf(directive: Directive, policy: SitePolicy): ImageSystemName {
  return directive.do === 'install' || directive.do === 'handover' ? directive.imageSystem : policy.imageSystem;
}
