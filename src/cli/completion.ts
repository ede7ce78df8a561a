// `completion`: scripts for shells. What comes next the command says itself, so that a script holds for every version.
import type { Given } from "./given/command.ts";
import type { Exit } from "./terminal/exit.ts";

const SCRIPTS = {
  bash: `_durable_taskqueue() {
  local IFS=$'\\n'
  local reply
  reply=$("\${COMP_WORDS[0]}" __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  if [ "$reply" = ":file" ]; then
    COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
  else
    COMPREPLY=($(compgen -W "$reply" -- "\${COMP_WORDS[COMP_CWORD]}"))
  fi
}
complete -F _durable_taskqueue durable-taskqueue`,
  zsh: `#compdef durable-taskqueue
_durable_taskqueue() {
  local -a reply
  reply=("\${(@f)$("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ "\${reply[1]}" == ":file" ]]; then
    _files
  else
    compadd -a reply
  fi
}
compdef _durable_taskqueue durable-taskqueue`,
  fish: `function __durable_taskqueue
  set -l words (commandline -opc)
  set -l reply ($words[1] __complete -- $words[2..-1] (commandline -ct) 2>/dev/null)
  if test "$reply" = ":file"
    __fish_complete_path (commandline -ct)
  else
    printf '%s\\n' $reply
  end
end
complete -c durable-taskqueue -f -a '(__durable_taskqueue)'`,
};

export default function completion({ args: [shell = ""] }: Given): Exit {
  if (!Object.hasOwn(SCRIPTS, shell)) return "usage";
  console.log(SCRIPTS[shell as keyof typeof SCRIPTS]);
  return 0;
}
