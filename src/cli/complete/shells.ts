/**
 * The output of `hs completion SHELL`. The scripts know nothing of hs: they pass the words to `hs __complete`, whose
 * first line says what the shell should add and whose other lines are `word TAB meaning`.
 */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/**
 * bash splits words at `=` and `:`, so the script takes the word from the line, and cuts the reply to the part that
 * bash regards as the word.
 */
const bash = `# bash completion for hs
_hs() {
    local line=\${COMP_LINE:0:COMP_POINT} cur=\${COMP_WORDS[COMP_CWORD]} word strip add candidate
    local -a words=() replies=()
    read -r -a words <<<"$line"
    if [[ $line == *[[:space:]] ]]; then word=; words+=(""); else word=\${words[\${#words[@]}-1]}; fi
    [[ $cur == [=:] ]] && cur=
    strip=\${word%"$cur"}
    mapfile -t replies < <(command hs __complete -- "\${words[@]:1}" 2>/dev/null)
    COMPREPLY=()
    add=\${replies[0]-none}
    for candidate in "\${replies[@]:1}"; do
        candidate=\${candidate%%$'\\t'*}
        candidate=\${candidate#"$strip"}
        [[ $add == none ]] && printf -v candidate %q "$candidate"
        COMPREPLY+=("$candidate")
    done
    case $add in
        files) compopt -o filenames; mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$cur") ;;
        directories) compopt -o dirnames ;;
    esac
    [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *= ]] && compopt -o nospace
    return 0
}
complete -F _hs hs
`;

const zsh = `#compdef hs
# zsh completion for hs
_hs() {
    local -a replies values shown
    local reply
    replies=("\${(@f)$(command hs __complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
    for reply in "\${(@)replies[2,-1]}"; do
        [[ -z $reply ]] && continue
        values+=("\${reply%%$'\\t'*}")
        shown+=("\${reply/$'\\t'/  -- }")
    done
    (( \${#values} )) && compadd -l -d shown -a values
    case \${replies[1]} in
        files) _files ;;
        directories) _files -/ ;;
    esac
}
if [[ \${funcstack[1]} == _hs ]]; then _hs "$@"; else compdef _hs hs; fi
`;

const fish = `# fish completion for hs
function __hs_complete
    set -l tokens (commandline -opc) (commandline -ct)
    set -l replies (command hs __complete -- $tokens[2..-1] 2>/dev/null)
    test (count $replies) -gt 1; and printf '%s\\n' $replies[2..-1]
    switch "$replies[1]"
        case files
            __fish_complete_path (commandline -ct)
        case directories
            __fish_complete_directories (commandline -ct)
    end
end
complete -c hs -f -a '(__hs_complete)'
`;

export const COMPLETION_SCRIPTS: Readonly<Record<Shell, string>> = { bash, zsh, fish };
