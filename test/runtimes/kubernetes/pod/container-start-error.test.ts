import { isFaultOfImage } from '../../../../src/runtimes/kubernetes/pod/container-start-error';

const TASK = 'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: ';
const MADE = 'failed to create containerd container: mount callback failed on /run/containerd/tmpmounts/containerd-mount1: ';
const MOUNTED = 'error during container init: error mounting "/var/lib/kubelet/pods/x" to rootfs at "/home/coder": ';

describe('A container that cannot start', () => {
  it.each([
    [
      'CreateContainerConfigError',
      'container has runAsNonRoot and image has non-numeric user (coder), cannot verify user is non-root',
    ],
    ['CreateContainerConfigError', "container's runAsUser breaks non-root policy"],
    ['CreateContainerError', `${MADE}no users found`],
    ['CreateContainerError', `${MADE}open /run/containerd/tmpmounts/containerd-mount1/etc/passwd: no such file or directory`],
    ['CreateContainerError', 'no command specified'],
    ['StartError', `${TASK}unable to start container process: exec: "sh": executable file not found in $PATH: unknown`],
    ['RunContainerError', `${TASK}unable to start container process: exec: "sh": executable file not found in $PATH: unknown`],
    ['ContainerCannotRun', 'exec: "sh": executable file not found in $PATH'],
    ['StartError', `${TASK}unable to start container process: ${MOUNTED}not a directory: unknown`],
    [
      'StartError',
      `${TASK}unable to start container process: error during container init: mkdir /etc/passwd: not a directory: unknown`,
    ],
    ['Error', 'exec /bin/sh: exec format error\n'],
  ])('has an image that is wrong: %s, %s.', (reason, message) => {
    expect(isFaultOfImage(reason, message)).toBe(true);
  });

  it.each([
    ['CreateContainerConfigError', 'failed to prepare subPath for volumeMount "home" of container "workspace"'],
    ['CreateContainerConfigError', 'secret "nope" not found'],
    ['CreateContainerError', 'context deadline exceeded'],
    ['StartError', `${TASK}unable to apply cgroup configuration: unknown`],
    ['StartError', `${TASK}unable to start container process: container init was OOM-killed (memory limit too low?): unknown`],
    ['Error', 'cannot find the thing'],
    ['OOMKilled', ''],
  ])('is on a node that may recover: %s, %s.', (reason, message) => {
    expect(isFaultOfImage(reason, message)).toBe(false);
  });
});
