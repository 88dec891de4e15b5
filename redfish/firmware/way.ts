import { RedfishError } from '../errors.ts';
import type { UpdateOffer } from '../probe.ts';
import type { Quirks } from '../quirks.ts';
import type { Session } from '../session.ts';
import type { Json, RedfishResponse, Upload } from '../transport.ts';

/** An image that was checked and is at hand. */
export interface FirmwareImage {
  readonly name: string;
  readonly bytes: number;
  readonly open: () => AsyncIterable<Uint8Array>;
  /** Where the controller can fetch it by itself; null where there is no such place. */
  readonly url: string | null;
}

/** How an image is handed over: as a form with parameters, by its address, or bare (quirk 55). */
export type Way = 'multipart' | 'address' | 'push';

/** A form says what the image is for and an address costs us nothing; a bare image is what old controllers take. */
const order: readonly Way[] = ['multipart', 'address', 'push'];

/** The way to hand this image over, of those that the controller advertises; or why there is none. */
export function chooseWay(offer: UpdateOffer, { bytes, url }: FirmwareImage): Way | { readonly why: string } {
  const offered = { multipart: offer.multipart !== null, address: offer.simple !== null, push: offer.push !== null };
  const open = order.filter((way) => offered[way]);
  if (open.length === 0) return { why: 'the controller offers no way to update firmware' };
  const large = offer.maxBytes !== null && bytes > offer.maxBytes;
  const fits = open.filter((way) => (way === 'address' ? fetchable(offer, url) : !large));
  if (fits[0]) return fits[0];
  return large
    ? { why: `the image has ${bytes} bytes, and the controller takes ${offer.maxBytes}` }
    : {
        why: `the controller fetches images by ${offer.simple?.values.join(', ') || 'address'} only, and this has none`,
      };
}

function fetchable({ simple }: UpdateOffer, url: string | null): boolean {
  return url !== null && simple !== null && (simple.values.length === 0 || simple.values.includes(protocolOf(url)));
}

function protocolOf(url: string): string {
  return new URL(url).protocol.slice(0, -1).toUpperCase();
}

/** Hands the image over, once. */
export function sendImage(...sending: Parameters<typeof handOver>): Promise<RedfishResponse> {
  return handOver(...sending).catch(asUntaken);
}

/** A controller that says when to come back has not begun: it updates one thing at a time (quirk 17). */
function asUntaken(error: unknown): never {
  if (!(error instanceof RedfishError) || error.status !== 503 || error.retryAfterMs === null) throw error;
  const { message, retryAfterMs, status } = error;
  throw new RedfishError('busy', message, { status, retryAfterMs, carriedOut: 'no' });
}

async function handOver(
  session: Session,
  offer: UpdateOffer,
  image: FirmwareImage,
  way: Way,
  parameters: Json,
): Promise<RedfishResponse> {
  if (way === 'address' && offer.simple && image.url)
    return session.write('POST', offer.simple.target, simpleBody(offer.simple, image.url));
  if (way === 'multipart' && offer.multipart !== null)
    return session.upload(offer.multipart, formOf(image, parameters));
  if (way === 'push' && offer.push !== null)
    return session.upload(offer.push, { type: 'application/octet-stream', bytes: image.bytes, open: image.open });
  throw new Error(`the controller offers no ${way}`);
}

function simpleBody({ values, applyTimes }: NonNullable<UpdateOffer['simple']>, url: string): Json {
  return {
    ImageURI: url,
    ...(values.length > 0 && { TransferProtocol: protocolOf(url) }),
    ...(applyTimes.includes('Immediate') && { '@Redfish.OperationApplyTime': 'Immediate' }),
  };
}

/** The form of DSP0266, 12.6.2: parameters as JSON, then the file; its length is known beforehand (quirk 9). */
function formOf({ name, bytes, open }: FirmwareImage, parameters: Json): Upload {
  const boundary = `farrier-${crypto.randomUUID()}`;
  const head = (part: string, type: string) =>
    `--${boundary}\r\nContent-Disposition: form-data; name=${part}\r\nContent-Type: ${type}\r\n\r\n`;
  const file = `"UpdateFile"; filename="${name.replace(/[^\w.-]/g, '_')}"`;
  const start = Buffer.from(
    `${head('"UpdateParameters"', 'application/json')}${JSON.stringify(parameters)}\r\n${head(file, 'application/octet-stream')}`,
  );
  const end = Buffer.from(`\r\n--${boundary}--\r\n`);
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    bytes: start.length + bytes + end.length,
    open: async function* () {
      yield start;
      yield* open();
      yield end;
    },
  };
}

/** What a form says of the image: nothing where the family asks for nothing. */
export function parametersOf({ upload }: Quirks, component: string): Json {
  return upload?.parameters[component.toUpperCase()] ?? { Targets: [] };
}
