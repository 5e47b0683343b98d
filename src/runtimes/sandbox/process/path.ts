/** Where the system's programs are found, inside and outside; an image may set another PATH for what runs inside. */
export const PROGRAM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
