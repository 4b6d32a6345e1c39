; An agent that is a plain program, in a package as most EXE installers are: it leaves its program running, and its
; uninstaller copies itself to Temp, starts the copy and ends. With -DBROKEN the installer does nothing and ends with 0,
; with -DNOVERSION its entry states no version, with -DFILTER it loads a filter and gives up if it cannot, with -DGIVES_UP it
; would load one for whoever asks, and gives up all the same; -DPACKED packs it with bzip2, which hides the script.
Unicode true
!ifdef PACKED
  SetCompressor /SOLID bzip2
!endif
Target ${TARGET}
Name "Tiny"
OutFile "${OUT}"
InstallDir "$PROGRAMFILES64\Tiny"
RequestExecutionLevel admin
SilentInstall silent
SilentUnInstall silent

!define ENTRY "Software\Microsoft\Windows\CurrentVersion\Uninstall\Tiny"

!include x64.nsh
!macro SIXTY_FOUR
  SetRegView 64
!macroend

Section
!ifndef BROKEN
  !insertmacro SIXTY_FOUR
!ifdef FILTER
  ClearErrors
  ExecWait '"$SYSDIR\fltmc.exe" load tiny' $0
  IfErrors 0 +2
  Abort
!endif
!ifdef GIVES_UP
  IfFileExists "$WINDIR\with-a-filter.txt" 0 +2
  ExecWait '"$SYSDIR\fltmc.exe" load tiny' $0
  Abort
!endif
  SetOutPath "$INSTDIR"
  File "tiny.exe"
  FileOpen $0 "$INSTDIR\a.txt" w
  FileWrite $0 "hello"
  FileClose $0
  WriteUninstaller "$INSTDIR\uninst.exe"
  WriteRegStr HKLM "${ENTRY}" "DisplayName" "Tiny"
!ifndef NOVERSION
  WriteRegStr HKLM "${ENTRY}" "DisplayVersion" "1.0"
!endif
  WriteRegStr HKLM "${ENTRY}" "UninstallString" '"$INSTDIR\uninst.exe"'
  Exec '"$INSTDIR\tiny.exe"'
!endif
SectionEnd

Section Uninstall
  !insertmacro SIXTY_FOUR
  FileOpen $0 "$INSTDIR\stop" w
  FileClose $0
  Sleep 2500 ; a real one takes its time: whoever does not await it finds everything still there
wait:
  Delete "$INSTDIR\tiny.exe"
  IfFileExists "$INSTDIR\tiny.exe" 0 gone
  Sleep 100
  Goto wait
gone:
  Delete "$INSTDIR\stop"
  Delete "$INSTDIR\a.txt"
  Delete "$INSTDIR\uninst.exe"
  SetOutPath "$TEMP"
  RMDir "$INSTDIR"
  DeleteRegKey HKLM "${ENTRY}"
SectionEnd
