/** An API server that keeps Secrets as Kubernetes does: names once, resource versions, labels, and lists of metadata alone. */
import { type Answer, type ApiServer, type Asked, json, refusal, reset, startApiServer } from '../kubernetes/api-server';

interface Kept {
  metadata: { name: string; labels?: Record<string, string>; resourceVersion?: string };
  data?: Record<string, string>;
}

export interface SecretsServer extends ApiServer {
  objects: Map<string, Kept>;
  /** Does the next writing request, and loses its answer. */
  loseNextAnswer(): void;
  /** Ends every connection without an answer, until it is called with false. */
  setAway(isAway: boolean): void;
}

export async function startSecretsServer(): Promise<SecretsServer> {
  const server = await startApiServer();
  const objects = new Map<string, Kept>();
  let version = 0;
  let isLosing = false;
  let isAway = false;

  const write = (kept: Kept): Answer => {
    version += 1;
    const object = { ...kept, metadata: { ...kept.metadata, resourceVersion: String(version) } };
    objects.set(kept.metadata.name, object);
    const isLost = isLosing;
    isLosing = false;
    return isLost ? reset : json(200, object);
  };
  server.answer((response, asked) => (isAway ? reset : answerTo(asked))(response, asked));
  return {
    ...server,
    objects,
    loseNextAnswer: () => {
      isLosing = true;
    },
    setAway: (away) => {
      isAway = away;
    },
  };

  function answerTo({ verb, path, query, headers, body }: Asked): Answer {
    const name = path.split('/secrets/')[1];
    const kept = name === undefined ? undefined : objects.get(name);
    if (verb === 'POST') {
      const object: Kept = JSON.parse(body);
      return objects.has(object.metadata.name) ? refusal(409, 'AlreadyExists', 'it exists already') : write(object);
    }
    if (name === undefined) return list(query.get('labelSelector') ?? '', String(headers.accept));
    if (kept === undefined) return refusal(404, 'NotFound', `secrets "${name}" not found`);
    if (verb === 'GET') return json(200, kept);
    const object: Kept = JSON.parse(body);
    const isPresent = object.metadata.resourceVersion === kept.metadata.resourceVersion;
    return isPresent ? write(object) : refusal(409, 'Conflict', 'the object has been modified');
  }

  function list(selector: string, accept: string): Answer {
    const labels = selector.split(',').map((pair) => pair.split('='));
    const isMetadata = accept.startsWith('application/json;as=PartialObjectMetadataList');
    const items = [...objects.values()]
      .filter(({ metadata }) => labels.every(([label = '', value]) => metadata.labels?.[label] === value))
      .map(({ metadata, data }) => (isMetadata ? { metadata } : { metadata, data }));
    if (!isMetadata) return json(200, { kind: 'SecretList', metadata: {}, items });
    // As Kubernetes 1.34 writes an empty one.
    return json(200, { kind: 'PartialObjectMetadataList', metadata: {}, items: items.length === 0 ? null : items });
  }
}
