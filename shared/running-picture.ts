/**
 * What a page asks for in place of a derived file's name: a picture of a file that is being worked on, before anything of
 * it is derived. No server's name: those have no tilde in front.
 */
export const RUNNING_PICTURE = '~running';
