@rem What `exec` in package.json's scripts means to the shell of Windows.
@%*
