import { CliFailure } from '../../../src/cli/failure';
import { changeImages, collectImage, collectTag, type ImageOptions } from '../../../src/cli/input/image-change';
import type { ImagePolicy } from '../../../src/contract/policy';

const STARTER: ImagePolicy = { name: 'starter', defaultTag: '1', tags: { 1: 'available' } };
const tagsOf = (...texts: string[]) => texts.reduce<ReturnType<typeof collectTag>>((list, text) => collectTag(text, list), []);

test.each<[string, ImagePolicy[], ImageOptions, ImagePolicy[]]>([
  [
    'a first tag is the default',
    [],
    { add: tagsOf('a/b:1', 'a/b:2') },
    [{ name: 'a/b', defaultTag: '1', tags: { 1: 'available', 2: 'available' } }],
  ],
  [
    'a new default is listed',
    [STARTER],
    { default: tagsOf('starter:2') },
    [{ name: 'starter', defaultTag: '2', tags: { 1: 'available', 2: 'available' } }],
  ],
  [
    'a new default goes before the end of the old one',
    [STARTER],
    { default: tagsOf('starter:2'), decommission: tagsOf('starter:1') },
    [{ name: 'starter', defaultTag: '2', tags: { 1: 'decommissioned', 2: 'available' } }],
  ],
  ['a tag is deprecated', [STARTER], { deprecate: tagsOf('starter:1') }, [{ ...STARTER, tags: { 1: 'deprecated' } }]],
  [
    'a tag is removed',
    [{ ...STARTER, tags: { 1: 'available', 0: 'available' } }],
    { remove: collectImage('starter:0') },
    [STARTER],
  ],
  ['an image is removed', [STARTER], { remove: collectImage('starter') }, []],
])('In a list of images %s.', (_, images, options, expected) => {
  const before = JSON.stringify(images);
  expect(changeImages(images, options)).toEqual(expected);
  expect(JSON.stringify(images)).toBe(before);
});

test.each<[ImageOptions, RegExp]>([
  [{ deprecate: tagsOf('other:1') }, /other is not listed; list it with --add other:TAG/],
  [{ remove: collectImage('starter:1') }, /starter:1 is the default tag/],
  [{ remove: collectImage('starter:9') }, /starter:9 is not listed/],
])('The change %j of a list with one image is refused in a sentence.', (options, message) => {
  expect(() => changeImages([STARTER], options)).toThrow(message);
  expect(() => changeImages([STARTER], options)).toThrow(CliFailure);
});

test.each(['starter', `starter:1@sha256:${'0'.repeat(64)}`, 'Not An Image'])('%s is no image with a tag.', (text) => {
  expect(() => collectTag(text)).toThrow(/^Expected /);
});
