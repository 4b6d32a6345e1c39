// Runs one command with github.com/masterzen/winrm: what to do comes as JSON on standard input, what came of it goes to
// standard output. tests/integration/winrmd/third_party/programs.py has the fields.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/masterzen/winrm"
)

type ask struct {
	Port              int    `json:"port"`
	Line              string `json:"line"`
	Certificate       string `json:"certificate"`
	Auth              string `json:"auth"`
	User              string `json:"user"`
	Password          string `json:"password"`
	Stdin             []byte `json:"stdin"`
	OperationTimeoutS int    `json:"operation_timeout_s"`
	TerminateAt       string `json:"terminate_at"`
}

type answer struct {
	Stdout   []byte `json:"stdout"`
	Stderr   []byte `json:"stderr"`
	ExitCode int    `json:"exit_code"`
	Error    string `json:"error"`
	Refused  bool   `json:"refused"`
}

func main() {
	var asked ask
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	said, err := run(asked)
	if err != nil {
		said.Error = err.Error()
		said.Refused = strings.Contains(said.Error, "401")
	}
	json.NewEncoder(os.Stdout).Encode(said)
}

func run(asked ask) (answer, error) {
	var said answer
	var certificate []byte
	if asked.Certificate != "" {
		read, err := os.ReadFile(asked.Certificate)
		if err != nil {
			return said, err
		}
		certificate = read
	}
	endpoint := winrm.NewEndpoint("127.0.0.1", asked.Port, certificate != nil, false, certificate, nil, nil, time.Minute)
	parameters := winrm.NewParameters(fmt.Sprintf("PT%dS", asked.OperationTimeoutS), "en-US", 153600)
	if asked.Auth == "ntlm" {
		parameters.TransportDecorator = func() winrm.Transporter { return &winrm.ClientNTLM{} }
	}
	client, err := winrm.NewClientWithParameters(endpoint, asked.User, asked.Password, parameters)
	if err != nil {
		return said, err
	}
	if asked.TerminateAt != "" {
		return said, terminate(client, asked)
	}
	var stdout, stderr bytes.Buffer
	var input io.Reader = bytes.NewReader(asked.Stdin)
	if asked.Stdin == nil {
		said.ExitCode, err = client.Run(asked.Line, &stdout, &stderr)
	} else {
		said.ExitCode, err = client.RunWithInput(asked.Line, &stdout, &stderr, input)
	}
	said.Stdout, said.Stderr = stdout.Bytes(), stderr.Bytes()
	return said, err
}

func terminate(client *winrm.Client, asked ask) error {
	shell, err := client.CreateShell()
	if err != nil {
		return err
	}
	command, err := shell.Execute(asked.Line)
	if err != nil {
		return err
	}
	for begun := time.Now(); time.Since(begun) < 30*time.Second; time.Sleep(20 * time.Millisecond) {
		if _, err := os.Stat(asked.TerminateAt); err == nil {
			return command.Close()
		}
	}
	return fmt.Errorf("the command did not start in 30 s")
}
