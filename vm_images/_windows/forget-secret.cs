using System;
using System.Runtime.InteropServices;

public static class BvtLsa {
    [StructLayout(LayoutKind.Sequential)]
    struct Attributes {
        public uint Length;
        public IntPtr Root;
        public IntPtr Name;
        public uint Flags;
        public IntPtr Descriptor;
        public IntPtr Quality;
    }

    [StructLayout(LayoutKind.Sequential)]
    struct Text {
        public ushort Length;
        public ushort Maximum;
        public IntPtr Buffer;
    }

    [DllImport("advapi32.dll")]
    static extern uint LsaOpenPolicy(IntPtr system, ref Attributes attributes, uint access, out IntPtr policy);

    [DllImport("advapi32.dll")]
    static extern uint LsaStorePrivateData(IntPtr policy, ref Text key, IntPtr data);

    [DllImport("advapi32.dll")]
    static extern uint LsaClose(IntPtr policy);

    public static uint Forget(string name) {
        Attributes attributes = new Attributes();
        attributes.Length = (uint)Marshal.SizeOf(typeof(Attributes));
        IntPtr policy;
        uint status = LsaOpenPolicy(IntPtr.Zero, ref attributes, 0x20, out policy);
        if (status != 0) { return status; }
        Text key = new Text();
        key.Buffer = Marshal.StringToHGlobalUni(name);
        key.Length = (ushort)(name.Length * 2);
        key.Maximum = (ushort)(name.Length * 2 + 2);
        status = LsaStorePrivateData(policy, ref key, IntPtr.Zero);
        LsaClose(policy);
        Marshal.FreeHGlobal(key.Buffer);
        return status;
    }
}
