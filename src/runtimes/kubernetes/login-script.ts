/** Directories that a system's own profile sets; what others it brings is somebody's wish. */
const STANDARD = '/usr/local/sbin | /usr/local/bin | /usr/sbin | /usr/bin | /sbin | /bin | /usr/local/games | /usr/games';

/**
 * Puts the image's PATH, given as $1 of the function, back into one that profiles have set: what the user's own profile brings comes
 * first, then the image's in its order, then what else a system has.
 */
const JOIN_PATHS = `perennial_join() {
  set -f; IFS=:; own=; rest=
  for dir in $PATH; do
    case :$1: in *:"$dir":*) continue ;; esac
    case $dir in ${STANDARD}) rest=$rest:$dir ;; *) own=$own$dir: ;; esac
  done
  printf %s "$own$1$rest"
}`;

/** What a login shell reads, in an interactive one, which keeps what is set there for its own use. */
const PROFILES = `unset ENV
perennial_path=$PATH
[ ! -r /etc/profile ] || . /etc/profile
if [ -n "\${BASH_VERSION-}" ] && [ -r ~/.bash_profile ]; then . ~/.bash_profile
elif [ -n "\${BASH_VERSION-}" ] && [ -r ~/.bash_login ]; then . ~/.bash_login
elif [ -r ~/.profile ]; then . ~/.profile; fi
${JOIN_PATHS}
PATH=$(perennial_join "$perennial_path"); export PATH
unset perennial_path; unset -f perennial_join`;

/** For a shell that has read its profiles: $1 is the image's PATH, and what follows the shell and its arguments. */
const GO_ON = `emulate sh 2>/dev/null
${JOIN_PATHS}
PATH=$(perennial_join "$1"); export PATH; shift
exec "$@"`;

/**
 * Starts the user's login shell, or \`sh\` where it is not there or lets nobody in. Of itself a login shell takes PATH from the system's
 * profile, and the image's programs are lost, so shells that read profiles get it back.
 */
const START = `shell=\${SHELL-}
case \${shell##*/} in nologin | false | true) shell= ;; esac
{ [ -n "$shell" ] && command -v "$shell" >/dev/null 2>&1; } || shell=$(command -v sh)
SHELL=$shell; export SHELL
interactive=; [ ! -t 0 ] || interactive=-i
rc=/run/perennial/login
[ -w "\${rc%/*}" ] || rc=\${TMPDIR:-/tmp}/perennial-login
name=\${shell##*/}
[ -z "$interactive" ] || case $name in
  bash | sh | dash | ash | ksh | mksh)
    { printf '%s\\n' "$1" >"$rc.$$" && mv "$rc.$$" "$rc"; } 2>/dev/null || name=
    case $name in
      bash) exec "$shell" --rcfile "$rc" -i ;;
      ?*) ENV=$rc; export ENV; exec "$shell" -i ;;
    esac ;;
esac
case \${shell##*/} in
  bash | sh | dash | ash | ksh | mksh | zsh) exec "$shell" -l -c "$2" "$shell" "$PATH" "$shell" $interactive ;;
esac
exec "$shell" -l`;

/** The words of a terminal in which no command is given. */
export const LOGIN = ['sh', '-c', START, 'sh', PROFILES, GO_ON];
