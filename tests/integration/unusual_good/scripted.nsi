; A product whose installer does with the system's own programs what an MSI has tables for. Some of them do nothing on
; Wine, and some it has not: what comes of them is not asked. It brings an MSI along, which it hides, as bundles do.
Unicode true
Name "BVT Scripted"
OutFile "${OUT}"
InstallDir "$PROGRAMFILES64\BVT Scripted Ägent"
RequestExecutionLevel admin
SilentInstall silent
SilentUnInstall silent

!define ENTRY "Software\Microsoft\Windows\CurrentVersion\Uninstall\BvtScripted"
!define VARIABLES "SYSTEM\CurrentControlSet\Control\Session Manager\Environment"
!define PACKAGE "$APPDATA\Package Cache\{6D1E1B52-7A34-4C0B-9E36-2F1D5A0C7E11}v1.0.0"
!macro DO line
  nsExec::ExecToLog '${line}'
  Pop $0
!macroend

Section
  SetRegView 64
  SetShellVarContext all
  SetOutPath "${PACKAGE}"
  File "registered-everywhere.msi"
  ExecWait 'msiexec.exe /i "${PACKAGE}\registered-everywhere.msi" /qn /norestart ARPSYSTEMCOMPONENT=1' $0
  IntCmp $0 0 +3
  SetErrorLevel $0
  Quit
  !insertmacro DO 'sc stop BvtScripted'
  Sleep 1000
  SetOutPath "$INSTDIR"
  File "uses.exe"
  WriteUninstaller "$INSTDIR\uninst.exe"
  !insertmacro DO 'sc create BvtScripted binPath= "\"$INSTDIR\uses.exe\" BvtScripted \"$APPDATA\BVT Scripted\"" start= auto DisplayName= "BVT Scripted Ägent"'
  !insertmacro DO 'sc failure BvtScripted reset= 86400 actions= restart/5000/restart/5000/restart/5000'
  !insertmacro DO 'sc config BvtScripted start= delayed-auto'
  !insertmacro DO 'netsh advfirewall firewall add rule name="BVT Scripted" dir=in action=allow program="$INSTDIR\uses.exe"'
  !insertmacro DO 'icacls "$INSTDIR" /inheritance:e'
  !insertmacro DO 'sc start BvtScripted'
  ReadRegStr $2 HKLM "${ENTRY}" "DisplayName"
  StrCmp $2 "" 0 known ; an earlier release has added it
  ReadRegStr $1 HKLM "${VARIABLES}" "Path"
  WriteRegExpandStr HKLM "${VARIABLES}" "Path" "$1;$INSTDIR"
known:
  FileOpen $1 "$INSTDIR\${RELEASE}.txt" w
  FileWrite $1 "${RELEASE}"
  FileClose $1
  CreateDirectory "$SMPROGRAMS\BVT Scripted"
  CreateShortCut "$SMPROGRAMS\BVT Scripted\Status.lnk" "$INSTDIR\uses.exe" "--version"
  CreateShortCut "$DESKTOP\BVT Scripted.lnk" "$INSTDIR\uses.exe"
  WriteRegStr HKLM "Software\Microsoft\Windows\CurrentVersion\Run" "BvtScripted" '"$INSTDIR\uses.exe" --version'
  WriteRegStr HKLM "${ENTRY}" "DisplayName" "BVT Scripted"
  WriteRegStr HKLM "${ENTRY}" "UninstallString" '"$INSTDIR\uninst.exe"'
SectionEnd

Section Uninstall
  SetRegView 64
  SetShellVarContext all
  !insertmacro DO 'sc stop BvtScripted'
  Sleep 1000
  !insertmacro DO 'sc delete BvtScripted'
  !insertmacro DO 'taskkill /f /im no-such-program.exe'
  !insertmacro DO 'netsh advfirewall firewall delete rule name="BVT Scripted"'
  ExecWait 'msiexec.exe /x {6D1E1B52-7A34-4C0B-9E36-2F1D5A0C7E11} /qn /norestart'
  ReadRegStr $1 HKLM "${VARIABLES}" "Path"
  StrLen $2 ";$INSTDIR"
  StrCpy $1 $1 -$2
  WriteRegExpandStr HKLM "${VARIABLES}" "Path" "$1"
  DeleteRegValue HKLM "Software\Microsoft\Windows\CurrentVersion\Run" "BvtScripted"
  RMDir /r "$SMPROGRAMS\BVT Scripted"
  Delete "$DESKTOP\BVT Scripted.lnk"
  RMDir /r "$APPDATA\BVT Scripted"
  RMDir /r "$APPDATA\BVT Registered"
  RMDir /r "${PACKAGE}"
  RMDir "$APPDATA\Package Cache"
  Delete "$INSTDIR\*.txt"
  Delete "$INSTDIR\uses.exe"
  Delete "$INSTDIR\uninst.exe"
  SetOutPath "$TEMP"
  RMDir "$INSTDIR"
  RMDir "$PROGRAMFILES64\BVT"
  DeleteRegKey HKLM "${ENTRY}"
SectionEnd
