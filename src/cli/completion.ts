// `completion`: scripts for shells. What comes next the command says itself, so that a script holds for every version.
import type { Given } from "./given/command.ts";
import type { Exit } from "./terminal/exit.ts";

// Bash cuts a line at : and = too, and leaves quotes where they are: the words are put together again by the line itself.
const BASH = `_durable_taskqueue() {
  local rest=\${COMP_LINE:0:COMP_POINT} words=() word left i
  for ((i = 0; i <= COMP_CWORD; i++)); do
    left=\${rest#"\${rest%%[![:space:]]*}"}
    word=\${COMP_WORDS[i]}
    ((i < COMP_CWORD)) || word=$left
    if ((i > 0)) && [ "$left" = "$rest" ]; then
      words[\${#words[@]}-1]+=$word
    else
      words+=("$word")
    fi
    rest=\${left#"$word"}
  done
  words=("\${words[@]//[\\"\\'\\\\]/}")
  local reply form=%q
  reply=$("\${words[0]}" __complete -- "\${words[@]:1}" 2>/dev/null)
  if [ "$reply" = ":file" ]; then
    # Names of files bash quotes itself.
    compopt -o filenames 2>/dev/null
    form=%s
    reply=$(compgen -f -- "\${words[\${#words[@]}-1]}")
  fi
  COMPREPLY=()
  while IFS= read -r word; do
    [ -z "$word" ] || COMPREPLY+=("$(printf "$form" "$word")")
  done <<< "$reply"
}
complete -F _durable_taskqueue durable-taskqueue`;

// From a folder of $fpath it is read when Tab is first pressed, and has to answer then.
const ZSH = `#compdef durable-taskqueue
_durable_taskqueue() {
  local -a reply
  reply=("\${(@f)$("\${words[1]}" __complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ "\${reply[1]}" == ":file" ]]; then
    _files
  elif [[ -n "\${reply[1]}" ]]; then
    compadd -a reply
  fi
}
if [[ "\${funcstack[1]}" == _durable_taskqueue ]]; then
  _durable_taskqueue
else
  compdef _durable_taskqueue durable-taskqueue
fi`;

const FISH = `function __durable_taskqueue
  set -l words (commandline -opc)
  set -l reply ($words[1] __complete -- $words[2..-1] (commandline -ct) 2>/dev/null)
  if test "$reply" = ":file"
    __fish_complete_path (commandline -ct)
  else
    printf '%s\\n' $reply
  end
end
complete -c durable-taskqueue -f -a '(__durable_taskqueue)'`;

const SCRIPTS = { bash: BASH, zsh: ZSH, fish: FISH };

export default function completion({ args: [shell = ""] }: Given): Exit {
  if (!Object.hasOwn(SCRIPTS, shell)) return "usage";
  console.log(SCRIPTS[shell as keyof typeof SCRIPTS]);
  return 0;
}
