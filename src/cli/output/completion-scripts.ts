/** Scripts with which a shell completes command lines, made from the command line itself. */
import type { Command } from 'commander';

/** What can follow the name of a command. */
interface Level {
  /** The command without the program's name: `org set`; empty for the program itself. */
  command: string;
  subcommands: Word[];
  options: (Word & { takesValue: boolean; choices: string[] })[];
  /** The values of its first argument, where they are a closed list. */
  choices: string[];
}

interface Word {
  name: string;
  description: string;
}

/** The names of the program: installed, and by its path in a checkout. */
const PROGRAMS = 'perennial perennial.mjs';

/** For bash 3.2, which macOS has, and newer. */
export function formatBashCompletion(program: Command): string {
  const levels = listLevels(program);
  const words = levels.map(({ command, ...level }) => [
    command,
    namesOf([...level.subcommands, ...level.options], level.choices),
  ]);
  return `# source <(perennial completion bash)
_perennial() {
  local current=\${COMP_WORDS[COMP_CWORD]} level='' previous='' words='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
${formatWalk(levels)}
  done
  case "$level $previous" in
${formatCases(listChoices(levels).map(({ key, choices }) => [key, `words=${quote(choices.join(' '))}`]))}
    ${listValueOptions(levels)
      .map((name) => `*' ${name}'`)
      .join('|')}) ;;
  *)
    case "$level" in
${formatCases(words.map(([command = '', names = '']) => [command, `words=${quote(names)}`]))}
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _perennial ${PROGRAMS}
`;
}

/** For zsh, with a description beside each word. */
export function formatZshCompletion(program: Command): string {
  const levels = listLevels(program);
  const describe = (list: Word[]) =>
    list.map(({ name, description }) => quote(`${name}:${description.replaceAll(':', '\\:')}`)).join(' ');
  const cases = levels.map(({ command, subcommands, options, choices }) => {
    const all = [...subcommands, ...choices.map((name) => ({ name, description: '' }))];
    return [command, `commands=(${describe(all)}) options=(${describe(options)})`];
  });
  return `#compdef ${PROGRAMS}
# source <(perennial completion zsh)
_perennial() {
  local level='' previous='' word
  local -a commands options values
  for word in "\${words[@]:1:$((CURRENT - 2))}"; do
${formatWalk(levels)}
  done
  case "$level $previous" in
${formatCases(listChoices(levels).map(({ key, choices }) => [key, `values=(${choices.join(' ')}); _describe value values`]))}
    ${listValueOptions(levels)
      .map((name) => `*' ${name}'`)
      .join('|')}) _files ;;
  *)
    case "$level" in
${formatCases(cases.map(([command = '', body = '']) => [command, body]))}
    esac
    _describe command commands
    _describe option options ;;
  esac
}
compdef _perennial ${PROGRAMS}
`;
}

/** For fish, with a description beside each word. */
export function formatFishCompletion(program: Command): string {
  const levels = listLevels(program);
  const known = levels.filter(({ command }) => command !== '').map(({ command }) => quote(command));
  const lines = levels.flatMap(({ command, subcommands, options, choices }) => {
    const rule = `complete -c perennial -n ${quote(`test "$(__perennial_level)" = "${command}"`)}`;
    return [
      ...subcommands.map(({ name, description }) => `${rule} -f -a ${name} -d ${fishQuote(description)}`),
      ...choices.map((name) => `${rule} -f -a ${name}`),
      ...options.map(({ name, description, takesValue, choices: values }) => {
        const value = values.length > 0 ? ` -x -a ${quote(values.join(' '))}` : takesValue ? ' -r' : '';
        return `${rule} -l ${name.slice(2)}${value} -d ${fishQuote(description)}`;
      }),
    ];
  });
  return `# perennial completion fish | source
function __perennial_level
  set -l level ''
  set -l previous ''
  for word in (commandline -opc)[2..-1]
    if contains -- "$previous" ${listValueOptions(levels).join(' ')}
      set previous ''
      continue
    end
    set previous $word
    set -l next (string trim -- "$level $word")
    contains -- $next ${known.join(' ')}; and set level $next
  end
  echo $level
end
${lines.join('\n')}
complete -c perennial.mjs -w perennial
`;
}

/** The program and every command below it. */
function listLevels(program: Command): Level[] {
  const listFrom = (command: Command, names: string[]): Level[] => {
    const options = [...command.options, ...program.options].filter(
      ({ long }, index, all) => all.findIndex((other) => other.long === long) === index,
    );
    const level = {
      command: names.join(' '),
      subcommands: command.commands.map((child) => ({ name: child.name(), description: child.description() })),
      options: options.map(({ long, description, required, optional, argChoices }) => {
        return { name: long ?? '', description, takesValue: required || optional, choices: argChoices ?? [] };
      }),
      choices: command.registeredArguments[0]?.argChoices ?? [],
    };
    level.options.push({ name: '--help', description: 'display help for command', takesValue: false, choices: [] });
    return [level, ...command.commands.flatMap((child) => listFrom(child, [...names, child.name()]))];
  };
  return listFrom(program, []);
}

/** Each option whose values are a closed list, behind its command, as the scripts compare them. */
function listChoices(levels: Level[]): { key: string; choices: string[] }[] {
  return levels.flatMap(({ command, options }) =>
    options.filter(({ choices }) => choices.length > 0).map(({ name, choices }) => ({ key: `${command} ${name}`, choices })),
  );
}

/** The options that take a value. No command has a flag of the same name. */
function listValueOptions(levels: Level[]): string[] {
  const options = levels.flatMap((level) => level.options);
  return [...new Set(options.filter(({ takesValue }) => takesValue).map(({ name }) => name))];
}

/** For bash and zsh: which command the words name, and the word before the one to complete. The value of an option names nothing. */
function formatWalk(levels: Level[]): string {
  const known = levels.filter(({ command }) => command !== '').map(({ command }) => quote(command));
  return `    case "$previous" in
    ${listValueOptions(levels).join('|')}) previous='' ;;
    *)
      previous=$word
      case "\${level:+$level }$word" in
      ${known.join('|')}) level="\${level:+$level }$word" ;;
      esac ;;
    esac`;
}

function formatCases(cases: string[][]): string {
  return cases.map(([pattern = '', body = '']) => `    ${quote(pattern)}) ${body} ;;`).join('\n');
}

function namesOf(words: Word[], choices: string[]): string {
  return [...choices, ...words.map(({ name }) => name)].join(' ');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function fishQuote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
