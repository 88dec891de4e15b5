/** The API's shapes for exports. */
import { z } from 'zod';
import { exportFormats } from '../domain/imports/exported.ts';
import { selected } from './api.ts';

export const exportName = z.strictObject({ format: z.enum(exportFormats) });
export const exportQuery = z.strictObject({
  selector: selected,
  port: z.coerce
    .number()
    .int()
    .min(1)
    .max(65_535)
    .default(9100)
    .meta({ description: 'of the exporter on each machine, for `prometheus`' }),
});
