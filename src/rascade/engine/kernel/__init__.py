"""The compiled back end: equations to LLVM IR to machine code that advances many patients."""
