import fc from 'fast-check';
import type { ImagePolicy } from '../../../../src/contract/policy';
import { allowsImage, asImages, resolveImage } from '../../../../src/workflows/organization/rules/images';
import { checkPolicy, defaultPolicy, mergePolicy } from '../../../../src/workflows/organization/rules/policy';
import { copy, refusalOf } from '../../../support/workflows/state-builders';

const IMAGES: ImagePolicy[] = [
  { name: 'starter', defaultTag: '2', tags: { 0: 'decommissioned', 1: 'deprecated', 2: 'available' } },
  { name: 'localhost:5000/team/tools', defaultTag: 'stable', tags: { edge: 'available' } },
  { name: 'old', defaultTag: '1', tags: { 0: 'decommissioned', 1: 'deprecated' } },
];
const resolve = (image: string | null, images = IMAGES, defaultImage: string | null = null) =>
  resolveImage(image, { defaultImage, images });
const plain = (reference: string) => ({ reference, moved: null, deprecated: null });

test.each([
  [null, 'starter:2'],
  ['starter', 'starter:2'],
  ['starter:2', 'starter:2'],
  ['localhost:5000/team/tools', 'localhost:5000/team/tools:stable'],
  ['localhost:5000/team/tools:stable', 'localhost:5000/team/tools:stable'],
  ['localhost:5000/team/tools:edge', 'localhost:5000/team/tools:edge'],
])('A workspace that asks for %s builds %s.', (image, reference) => {
  expect(resolve(image)).toEqual(plain(reference));
});

test('A decommissioned tag is replaced by the default tag, in a sentence that names both.', () => {
  const moved = 'starter:0 is decommissioned, so the default tag is used: starter:2';
  expect(resolve('starter:0')).toEqual({ reference: 'starter:2', moved, deprecated: null });
});

test('A deprecated tag builds, in a sentence that names the default tag where it is another.', () => {
  const deprecated = 'starter:1 is deprecated; the default tag is starter:2';
  expect(resolve('starter:1')).toEqual({ reference: 'starter:1', moved: null, deprecated });
  expect(resolve('old').deprecated).toBe('old:1 is deprecated');
  expect(resolve('old:0')).toMatchObject({ reference: 'old:1', deprecated: 'old:1 is deprecated' });
});

test.each([
  ['other:1', /^image: expected one of the organization's images \(starter, localhost:5000\/team\/tools, old\), got other:1$/],
  ['starter:9', /^image: expected a tag of starter that the organization lists \(2, 1\), got starter:9$/],
  ['tools:edge', /got tools:edge$/],
  ['starter:constructor', /got starter:constructor$/],
  [`starter@sha256:${'0'.repeat(64)}`, /^image: expected a tag of starter, since the organization lists images, got a digest$/],
  [`starter:2@sha256:${'0'.repeat(64)}`, /got a digest$/],
])('The image %s, which is not listed, is NotAllowed.', (image, message) => {
  expect(refusalOf(() => resolve(image))).toMatchObject({ type: 'NotAllowed', message: expect.stringMatching(message) });
});

test('Without a list every reference is allowed, and one without a tag has latest.', () => {
  const digest = `a@sha256:${'0'.repeat(64)}`;
  for (const image of ['a:1', digest, 'localhost:5000/a/b:1']) expect(resolve(image, [])).toEqual(plain(image));
  expect(resolve('localhost:5000/a/b', [])).toEqual(plain('localhost:5000/a/b:latest'));
  expect(resolve(null, [], 'a:1')).toEqual(plain('a:1'));
  expect(refusalOf(() => resolve(null, []))).toMatchObject({ type: 'InvalidRequest' });
});

const one = (change: object = {}) => [{ name: 'starter', defaultTag: '1', tags: {}, ...change }];

test.each([
  ['images', 'starter'],
  ['images', Array.from({ length: 51 }, (_, index) => ({ name: `a${index}`, defaultTag: '1', tags: {} }))],
  ['images.0', ['starter']],
  ['images.0.name', [{ defaultTag: '1' }]],
  ['images.0.name', one({ name: 'starter:1' })],
  ['images.0.name', one({ name: `starter@sha256:${'0'.repeat(64)}` })],
  ['images.1.name', [...one(), ...one()]],
  ['images.0.defaultTag', one({ defaultTag: undefined })],
  ['images.0.defaultTag', one({ defaultTag: 'no tag' })],
  ['images.0.defaultTag', one({ name: 'a'.repeat(254), defaultTag: '10' })],
  ['images.0.defaultTag', one({ tags: { 1: 'decommissioned' } })],
  ['images.0.tags', one({ tags: [] })],
  ['images.0.tags', one({ tags: { 'no tag': 'available' } })],
  ['images.0.tags', one({ tags: Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`t${index}`, 'available'])) })],
  ['images.0.tags.2', one({ tags: { 2: 'gone' } })],
  ['images', Array.from({ length: 40 }, (_, index) => ({ name: `${index}`.padEnd(200, 'a'), defaultTag: '1', tags: {} }))],
])('The field %s refuses what is wrong as InvalidRequest.', (field, value) => {
  expect(refusalOf(() => asImages('images', value))).toMatchObject({
    type: 'InvalidRequest',
    message: expect.stringMatching(`^${field.replaceAll('.', '\\.')}: expected .+, got .+$`),
  });
});

test('Images that no longer allow the defaultImage are refused, and both fields are named.', () => {
  const policy = mergePolicy(defaultPolicy(), { defaultImage: 'starter:1' }).policy;
  const change = { images: [{ name: 'starter', defaultTag: '2', tags: { 1: 'decommissioned' } }] };
  const { message } = refusalOf(() => checkPolicy(mergePolicy(policy, change).policy, change));
  expect(message).toBe('defaultImage: expected an image that images allows, which are starter, got "starter:1"');
  const both = { ...change, defaultImage: 'starter' };
  expect(() => checkPolicy(mergePolicy(policy, both).policy, both)).not.toThrow();
});

const TAGS = ['1', '2', 'edge', '__proto__', 'constructor'];
const lists = fc.uniqueArray(fc.constantFrom('starter', 'a/b', 'localhost:5000/c'), { minLength: 1 }).chain((names) =>
  fc.tuple(
    ...names.map((name) =>
      fc.record({
        name: fc.constant(name),
        defaultTag: fc.constantFrom(...TAGS),
        tags: fc.dictionary(fc.constantFrom(...TAGS), fc.constantFrom('available', 'deprecated', 'decommissioned')),
      }),
    ),
  ),
);

test('Whatever the list, a build is refused or runs a listed tag that is not decommissioned, and another judgement changes nothing.', () => {
  const asked = fc.tuple(fc.constantFrom('starter', 'a/b', 'localhost:5000/c', 'other'), fc.constantFrom(null, ...TAGS));
  fc.assert(
    fc.property(lists, asked, (sent, [name, tag]) => {
      fc.pre(sent.every(({ defaultTag, tags }) => !Object.hasOwn(tags, defaultTag) || tags[defaultTag] !== 'decommissioned'));
      const images = asImages('images', sent);
      expect(asImages('images', copy(images))).toEqual(images);
      const reference = tag === null ? name : `${name}:${tag}`;
      const listed = images.find((image) => image.name === name);
      const isListed = listed && (tag === null || tag === listed.defaultTag || Object.hasOwn(listed.tags, tag));
      if (!isListed) return void refusalOf(() => resolve(reference, images));
      const { reference: built, moved } = resolve(reference, images);
      const state = Object.entries(listed.tags).find(([key]) => `${name}:${key}` === built)?.[1] ?? 'available';
      expect(state).not.toBe('decommissioned');
      expect(moved !== null).toBe(tag !== null && `${name}:${tag}` !== built);
      expect(resolve(built, images)).toMatchObject({ reference: built, moved: null });
      expect(allowsImage(images, reference)).toBe(moved === null);
    }),
  );
});
