/**
 * Implements docs/policy.md, "Images": the check of the policy's field `images`, and which reference a workspace builds under it.
 */
import type { ImagePolicy, Policy } from '../../../contract/policy';
import { asImage, asObject } from '../../input/fields';
import { invalid, Refusal } from '../../input/refusal';

const MAX_IMAGES = 50;
const MAX_TAGS = 100;
/** All of it as JSON. Each workspace keeps the policy in its state, which has to stay under 200 KiB. */
const MAX_BYTES = 8 * 1024;
const MAX_REFERENCE = 255;
/** Tags that a refusal names. */
const SHOWN_TAGS = 10;

const TAG = /^\w[\w.-]{0,127}$/;
const TAG_STATES = ['available', 'deprecated', 'decommissioned'] as const;
type TagState = (typeof TAG_STATES)[number];

/** The image that a build runs. */
export interface ResolvedImage {
  /** With its tag, or with its digest. */
  reference: string;
  /** A sentence: the tag asked for is decommissioned. Null for none. */
  moved: string | null;
  /** A sentence: the tag is deprecated. Null for none. */
  deprecated: string | null;
}

/** The images of a policy, each once. Nothing is corrected: a pushed policy has to be exactly what was stored. */
export function asImages(field: string, value: unknown): ImagePolicy[] {
  if (!Array.isArray(value) || value.length > MAX_IMAGES)
    throw invalid(field, `a list of at most ${MAX_IMAGES} objects with name, defaultTag, and tags`, value);
  const images = value.map((entry: unknown, index) => asImagePolicy(`${field}.${index}`, entry));
  for (const [index, { name }] of images.entries()) {
    if (images.findIndex((other) => other.name === name) < index)
      throw invalid(`${field}.${index}.name`, 'each image once', name);
  }
  // Checked names and tags are plain ASCII, so a character is a byte.
  const bytes = JSON.stringify(images).length;
  if (bytes > MAX_BYTES) throw invalid(field, `at most ${MAX_BYTES} bytes as JSON`, `${bytes} bytes`);
  return images;
}

/**
 * The reference that a workspace builds which asks for `image`; null: the organization's default. A decommissioned tag is replaced by the
 * image's default tag. Throws a Refusal for an image that the organization does not list, and where there is none.
 */
export function resolveImage(
  image: string | null,
  { defaultImage, images }: Pick<Policy, 'defaultImage' | 'images'>,
): ResolvedImage {
  const asked = image ?? defaultImage ?? images[0]?.name;
  if (!asked) throw invalid('image', 'an image, since the organization has no defaultImage and lists none', undefined);
  const { name, tag, hasDigest } = splitTag(asked);
  if (images.length === 0) return plain(tag === null && !hasDigest ? `${name}:latest` : asked);
  const listed = images.find((entry) => entry.name === name);
  if (!listed) throw notListed(asked, images);
  if (hasDigest)
    throw new Refusal('NotAllowed', `image: expected a tag of ${name}, since the organization lists images, got a digest`);
  const preferred = `${name}:${listed.defaultTag}`;
  const reference = tag === null ? preferred : `${name}:${tag}`;
  const state = tagState(listed, tag ?? listed.defaultTag);
  if (state === null) throw noSuchTag(reference, listed);
  if (state !== 'decommissioned') return { reference, moved: null, deprecated: deprecation(listed, reference) };
  const moved = `${reference} is decommissioned, so the default tag is used: ${preferred}`;
  return { reference: preferred, moved, deprecated: deprecation(listed, preferred) };
}

/** Whether the reference may be built as it is. */
export function allowsImage(images: ImagePolicy[], reference: string): boolean {
  try {
    return resolveImage(reference, { defaultImage: null, images }).moved === null;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

function asImagePolicy(field: string, value: unknown): ImagePolicy {
  const fields = asObject(field, value);
  const name = asImage(`${field}.name`, fields.name);
  const { tag, hasDigest } = splitTag(name);
  if (tag !== null || hasDigest) throw invalid(`${field}.name`, 'an image reference without a tag and a digest', name);
  const defaultTag = asTag(`${field}.defaultTag`, fields.defaultTag, name);
  const sent = Object.entries(asObject(`${field}.tags`, fields.tags));
  if (sent.length > MAX_TAGS) throw invalid(`${field}.tags`, `at most ${MAX_TAGS} tags`, `${sent.length} tags`);
  const tags = Object.fromEntries(
    sent.map(([key, state]) => [asTag(`${field}.tags`, key, name), asTagState(`${field}.tags.${key}`, state)]),
  );
  const image = { name, defaultTag, tags };
  if (tagState(image, defaultTag) === 'decommissioned')
    throw invalid(`${field}.defaultTag`, `a tag that ${field}.tags does not list as decommissioned`, defaultTag);
  return image;
}

function asTag(field: string, value: unknown, name: string): string {
  if (typeof value === 'string' && TAG.test(value) && name.length + 1 + value.length <= MAX_REFERENCE) return value;
  throw invalid(field, `a tag such as 1.2, with which the reference has at most ${MAX_REFERENCE} characters`, value);
}

function asTagState(field: string, value: unknown): TagState {
  const state = TAG_STATES.find((known) => known === value);
  if (state) return state;
  throw invalid(field, 'available, deprecated, or decommissioned', value);
}

/** Null for a tag that is not listed. The default tag need not be. */
function tagState({ tags, defaultTag }: ImagePolicy, tag: string): TagState | null {
  if (Object.hasOwn(tags, tag)) return tags[tag] ?? null;
  return tag === defaultTag ? 'available' : null;
}

function deprecation(image: ImagePolicy, reference: string): string | null {
  const preferred = `${image.name}:${image.defaultTag}`;
  if (tagState(image, reference.slice(image.name.length + 1)) !== 'deprecated') return null;
  return `${reference} is deprecated${preferred === reference ? '' : `; the default tag is ${preferred}`}`;
}

/** The parts of a reference; `tag` null: it has none. */
export function splitTag(reference: string): { name: string; tag: string | null; hasDigest: boolean } {
  const [withTag = '', digest] = reference.split('@');
  const match = /^(.*):([^/:]*)$/.exec(withTag);
  return { name: match?.[1] ?? withTag, tag: match?.[2] ?? null, hasDigest: digest !== undefined };
}

function notListed(asked: string, images: ImagePolicy[]): Refusal {
  const names = images.slice(0, SHOWN_TAGS).map(({ name }) => name);
  return new Refusal(
    'NotAllowed',
    `image: expected one of the organization's images (${listOf(names, images.length)}), got ${asked}`,
  );
}

function noSuchTag(reference: string, { name, tags, defaultTag }: ImagePolicy): Refusal {
  const known = [...new Set([defaultTag, ...Object.keys(tags).filter((tag) => tags[tag] !== 'decommissioned')])];
  const shown = listOf(known.slice(0, SHOWN_TAGS), known.length);
  return new Refusal('NotAllowed', `image: expected a tag of ${name} that the organization lists (${shown}), got ${reference}`);
}

const listOf = (shown: string[], count: number): string => shown.join(', ') + (count > shown.length ? ', …' : '');
const plain = (reference: string): ResolvedImage => ({ reference, moved: null, deprecated: null });
