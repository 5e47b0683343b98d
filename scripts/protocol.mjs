/**
 * Temporal's protocol as far as the command uses it. The SDK describes the whole of it, with the worker's side and that of Temporal
 * Cloud, which takes a third of the time in which the client is loaded.
 */
import { createRequire } from 'node:module';
import protobuf from 'protobufjs/light.js';

/** @typedef {import('protobufjs').NamespaceBase} Namespace */

const require = createRequire(import.meta.url);

/** Kept whole: small, and named by the SDK's client when it is loaded or when it reads a failure. */
const WHOLE = ['enums', 'errordetails', 'common', 'failure', 'sdk', 'operatorservice', 'testservice'];
const WHOLE_NAMESPACES = [...WHOLE.map((name) => `temporal.api.${name}`), 'google.rpc', 'grpc.health'];

/**
 * The text of a module that stands in for `@temporalio/proto/protos/json-module.js`: those methods of the workflow service, and every
 * type that one of them or of the namespaces above refers to.
 * @param {Set<string>} methods
 */
export function pruneProtocol(methods) {
  /** @type {protobuf.Root} */
  const root = require('@temporalio/proto/protos/json-module.js');
  root.resolveAll();
  const service = root.lookupService('temporal.api.workflowservice.v1.WorkflowService');
  for (const method of service.methodsArray) {
    if (!methods.has(method.name.charAt(0).toLowerCase() + method.name.slice(1))) service.remove(method);
  }
  const kept = reachable([service, ...WHOLE_NAMESPACES.map((name) => root.lookup(name))]);
  prune(root, kept);
  const json = JSON.stringify(JSON.stringify(root.toJSON().nested));
  return `const { Root, roots } = require('protobufjs/light');
    module.exports = (roots.__temporal ??= new Root()).addJSON(JSON.parse(${json}));`;
}

/**
 * What stands in these, and what the fields and methods of it refer to.
 * @param {(protobuf.ReflectionObject | null)[]} from
 */
function reachable(from) {
  /** @type {Set<protobuf.ReflectionObject>} */
  const found = new Set();
  const open = [...from];
  for (let object = open.pop(); object !== undefined; object = open.pop()) {
    if (object === null || found.has(object)) continue;
    found.add(object);
    // A type that stands in another one is named through it.
    if (object.parent instanceof protobuf.Type) open.push(object.parent);
    if (object instanceof protobuf.Type) open.push(...object.fieldsArray.map(({ resolvedType }) => resolvedType));
    else if (object instanceof protobuf.Service)
      open.push(...object.methodsArray.flatMap((method) => [method.resolvedRequestType, method.resolvedResponseType]));
    else if (object instanceof protobuf.Namespace) open.push(...object.nestedArray);
  }
  return found;
}

/**
 * Removes what is not kept, and namespaces in which nothing is left.
 * @param {Namespace} namespace
 * @param {Set<protobuf.ReflectionObject>} kept
 */
function prune(namespace, kept) {
  for (const object of [...namespace.nestedArray]) {
    if (object instanceof protobuf.Namespace) prune(object, kept);
    const isEmpty = object instanceof protobuf.Namespace && object.nestedArray.length === 0;
    const isOnlyNamespace = object.constructor === protobuf.Namespace;
    if (isOnlyNamespace ? isEmpty : !kept.has(object)) namespace.remove(object);
  }
}
