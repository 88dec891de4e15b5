import { empty, type Reply, wrongValue } from '../reply.ts';
import type { Feature } from './kind.ts';

/** What an owner calls the machine, kept by its controller. */
export const assetTag: Feature = {
  adorn(path, { controller, personality }) {
    const has = personality.features.assetTag.some((at) => at === path);
    return has ? { AssetTag: controller.kept.assetTags?.[path] ?? '' } : {};
  },
  methods(path, { personality }) {
    return personality.features.assetTag.some((at) => at === path) ? ['PATCH'] : [];
  },
  act({ body, controller, method, path }): Reply | undefined {
    const { AssetTag: tag, ...others } = body;
    const alone = Object.keys(others).every((name) => name.startsWith('@'));
    if (method !== 'PATCH' || tag === undefined || !alone) return undefined;
    if (!controller.personality.features.assetTag.some((at) => at === path)) return undefined;
    // 63 characters are what SMBIOS tools on most boards take.
    if (typeof tag !== 'string' || tag.length > 63) return wrongValue(tag, 'AssetTag');
    controller.kept.assetTags = { ...controller.kept.assetTags, [path]: tag };
    controller.machine.note('asset-tag', { tag, at: path });
    controller.machine.changed();
    return empty;
  },
};
