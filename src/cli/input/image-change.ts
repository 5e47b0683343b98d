/** Edits an organization's list of images, which `setPolicy` replaces as a whole. The organization itself checks the result. */
import { InvalidArgumentError } from 'commander';
import type { ImagePolicy } from '../../contract/policy';
import { splitTag } from '../../workflows/organization/rules/images';
import { CliFailure } from '../failure';
import { parseImage } from './arguments';

/** An image of the list, and one of its tags; null: all of it. */
export interface ImageTag {
  name: string;
  tag: string | null;
}

/** The options of `perennial org images`; each is repeatable. */
export interface ImageOptions {
  add?: ImageTag[];
  default?: ImageTag[];
  deprecate?: ImageTag[];
  decommission?: ImageTag[];
  remove?: ImageTag[];
}

/** One `IMAGE:TAG` more. */
export function collectTag(text: string, before: ImageTag[] = []): ImageTag[] {
  const parsed = parse(text);
  if (parsed.tag === null) throw new InvalidArgumentError('Expected IMAGE:TAG, such as starter:1.');
  return [...before, parsed];
}

/** One `IMAGE` or `IMAGE:TAG` more. */
export const collectImage = (text: string, before: ImageTag[] = []): ImageTag[] => [...before, parse(text)];

/** The list after the change: added tags first, then defaults, states of tags, and removals. */
export function changeImages(images: ImagePolicy[], options: ImageOptions): ImagePolicy[] {
  let list = images.map((image) => ({ ...image, tags: { ...image.tags } }));
  for (const { name, tag } of options.add ?? []) {
    if (!list.some((image) => image.name === name)) list.push({ name, defaultTag: tag ?? '', tags: {} });
    setState(list, { name, tag }, 'available');
  }
  for (const { name, tag } of options.default ?? []) {
    const image = find(list, name);
    image.defaultTag = tag ?? image.defaultTag;
    if (!Object.hasOwn(image.tags, image.defaultTag)) image.tags[image.defaultTag] = 'available';
  }
  for (const tag of options.deprecate ?? []) setState(list, tag, 'deprecated');
  for (const tag of options.decommission ?? []) setState(list, tag, 'decommissioned');
  for (const { name, tag } of options.remove ?? []) {
    const image = find(list, name);
    if (tag === null) list = list.filter((other) => other !== image);
    else if (tag === image.defaultTag) throw refuse(`${name}:${tag} is the default tag; name another one with --default`);
    else if (Object.hasOwn(image.tags, tag)) delete image.tags[tag];
    else throw refuse(`${name}:${tag} is not listed`);
  }
  return list;
}

function setState(list: ImagePolicy[], { name, tag }: ImageTag, state: ImagePolicy['tags'][string]): void {
  if (tag !== null) find(list, name).tags[tag] = state;
}

function find(list: ImagePolicy[], name: string): ImagePolicy {
  const image = list.find((other) => other.name === name);
  if (image) return image;
  throw refuse(`${name} is not listed; list it with --add ${name}:TAG`);
}

function parse(text: string): ImageTag {
  const { name, tag, hasDigest } = splitTag(parseImage(text));
  if (hasDigest) throw new InvalidArgumentError('Expected a tag, and no digest.');
  return { name, tag };
}

const refuse = (sentence: string): CliFailure => new CliFailure('InvalidRequest', `images: ${sentence}`);
