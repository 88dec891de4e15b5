complete -c farrier -f -a '(farrier complete -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
