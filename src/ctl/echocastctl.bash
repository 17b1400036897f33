# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors
# shellcheck shell=bash

# Completion of echocastctl for bash: commands, options, and the speakers that the daemon knows.

# The words by which a speaker can be chosen that begin with $1, quoted for the command line. An
# address has colons, at which readline cuts words: only the piece behind the last one is offered.
_echocastctl_speakers()
{
    local begun=$1 cut="" word
    [[ $begun == *:* && $COMP_WORDBREAKS == *:* ]] && cut=${begun%"${begun##*:}"}
    COMPREPLY=()
    while IFS= read -r word; do
        [[ ${word,,} == "${begun,,}"* ]] || continue
        COMPREPLY+=("$(printf '%q' "${word:${#cut}}")")
    done < <(echocastctl names 2>/dev/null)
}

# Sets command to the first word that is no option and no option's value.
_echocastctl_command()
{
    local i skip=0
    for ((i = 1; i < cword; i++)); do
        if ((skip)); then
            skip=0
            continue
        fi
        case ${words[i]} in
            -t|--timeout|--pin|--freq|--ms|--channel) skip=1 ;;
            -*) ;;
            *) command=${words[i]}; return ;;
        esac
    done
}

_echocastctl()
{
    local cur prev words cword command="" options
    local commands="status list scan pair cancel connect disconnect info forget test-tone monitor"
    if declare -F _init_completion >/dev/null; then
        _init_completion -n : || return
    else
        cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
        words=("${COMP_WORDS[@]}") cword=$COMP_CWORD
    fi
    _echocastctl_command

    case $prev in
        -t|--timeout|--pin|--freq|--ms) return ;;
        --channel) mapfile -t COMPREPLY < <(compgen -W "l r both" -- "$cur"); return ;;
    esac
    if [[ $cur == -* ]]; then
        options="--json --quiet --verbose --timeout --help --version"
        case $command in
            pair) options+=" --pin --no-tone" ;;
            scan) options+=" --all" ;;
            test-tone) options+=" --freq --ms --channel" ;;
        esac
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
        return
    fi
    case $command in
        "") mapfile -t COMPREPLY < <(compgen -W "$commands help" -- "$cur") ;;
        help) mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$cur") ;;
        pair|connect|disconnect|info|forget|test-tone) _echocastctl_speakers "$cur" ;;
    esac
}

complete -F _echocastctl echocastctl
